import type { Page } from '@playwright/test';
import { at, button, find, of, seen, type State } from '../stage';

/** Returns the address by which an application of the demo asks for a user's consent, answered before or not. */
async function request(page: Page, application: string, redirectURI: string, scope: string): Promise<string> {
  const id = (await find(page, application)).split('/').at(-1)!;
  return `/oauth2/authorize?${new URLSearchParams({
    client_id: id, redirect_uri: redirectURI, response_type: 'code', scope, prompt: 'consent',
    code_challenge: 'A'.repeat(43), code_challenge_method: 'S256',
  })}`;
}

/** The question that an application of the demo asks. */
const consent = (name: string, application: string, redirectURI: string, scope: string, then?: (page: Page) => Promise<unknown>): State =>
  seen(name, async ({ page }) => {
    await page.goto(await request(page, application, redirectURI, scope));
    await page.getByRole('heading', { level: 1, name: `${application} wants to act for you` }).waitFor();
    await then?.(page);
  });

/** What asks for a consent, and what shows consents. */
export const consents: State[] = [
  at('oauth-clients', '/profile/oauth-clients'),
  at('oauth-clients-none', '/profile/oauth-clients', 'may see nothing yet'),
  at('oauth-clients-no-match', '/profile/oauth-clients?q=no+such+application'),
  at('oauth-clients-revoke-all', '/profile/oauth-clients/revoke'),
  seen('oauth-clients-revoke', async ({ page }) => {
    await page.goto('/profile/oauth-clients');
    await page.getByRole('link', { name: 'Revoke Chart Studio' }).click();
    await button(page, 'Revoke').waitFor();
  }),
  of('consents', 'Order Workbench', '/consents'),
  of('consents-ended', 'Chart Studio', '/consents?state=ended'),
  of('consents-none', 'Notebook Connector', '/consents'),
  of('consents-no-match', 'Order Workbench', '/consents?q=nobody'),
  of('consents-revoke', 'Order Workbench', '/consents', async (page) => {
    await page.getByRole('link', { name: /^Revoke the consent of/ }).first().click();
    await button(page, 'Revoke').waitFor();
  }),
  of('consents-revoke-all-errors', 'Order Workbench', '/consents/revoke', async (page) => {
    await button(page, 'Revoke all').click();
    await page.locator('[aria-invalid=true]').waitFor();
  }),

  consent('consent', 'Chart Studio', 'https://charts.demo.example/oauth/callback', 'openid profile studio.knowledge-models:read studio.knowledge-models:query'),
  consent('consent-app', 'Task Pocket', 'example.demo.taskpocket:/signed-in', 'openid studio.tasks:read studio.tasks:update'),
  consent('consent-unverified', 'Meeting Summarizer', 'https://summarizer.demo.example/cb', 'openid email studio.tasks:update intelligence.conversations:write'),
  consent('consent-errors', 'Notebook Connector', 'http://127.0.0.1/callback', 'integration.data-pools:read', async (page) => {
    await page.getByRole('checkbox').uncheck();
    await button(page, 'Allow').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('consent-renewed', async ({ page }) => {
    const again = await request(page, 'Order Workbench', 'https://workbench.demo.example/signed-in', 'openid studio.tasks:read');
    await page.request.get(again.replace('&prompt=consent', ''), { maxRedirects: 0 }); // nobody is asked the first time
    await page.goto(again);
    await page.getByText('It acts for you already').waitFor();
  }),
  consent('consent-gone', 'Task Pocket', 'example.demo.taskpocket:/signed-in', 'openid studio.tasks:read', async (page) => {
    const question = await page.locator('[name=request]').inputValue();
    await page.request.post('/oauth2/authorize/consent', { form: { request: question, decision: 'deny' }, maxRedirects: 0 });
    await button(page, 'Deny').click();
    await page.getByRole('heading', { name: 'That question was already answered' }).waitFor();
  }),
  seen('consent-nowhere', async ({ page }) => page.goto(await request(page, 'Chart Studio', 'https://elsewhere.example/', 'openid'))),
  seen('login-for-application', async ({ page, context }) => {
    const asked = await request(page, 'Chart Studio', 'https://charts.demo.example/oauth/callback', 'openid');
    await context.clearCookies();
    await page.goto(asked);
  }),
];
