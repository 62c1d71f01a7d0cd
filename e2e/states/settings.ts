import type { Page } from '@playwright/test';
import { alone, at, button, seen, type State } from '../stage';

/** The page of a webhook of the demo. */
async function webhook(page: Page, name: string): Promise<void> {
  await page.goto('/admin/settings/webhooks');
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** Saves a form that somebody else changed meanwhile. */
async function meanwhile(page: Page, address: string, changed: Record<string, string>): Promise<void> {
  await page.goto(address);
  await page.request.post(address, { form: changed });
  await button(page, 'Save changes').click();
  await page.getByText('Someone changed it while you were editing').waitFor();
}

/** The settings of the team. */
export const settings: State[] = [
  at('settings-team', '/admin/settings'),
  seen('settings-team-errors', async ({ page }) => {
    await page.goto('/admin/settings');
    await page.getByLabel('Team name').fill('');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  at('settings-notices', '/admin/settings/notices'),
  at('settings-notice', '/admin/settings/notices/consent.revoked'),
  seen('settings-notice-errors', async ({ page }) => {
    await page.goto('/admin/settings/notices/application.created');
    await page.getByRole('checkbox', { name: 'Administrators' }).uncheck();
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  at('settings-webhooks', '/admin/settings/webhooks'),
  at('settings-webhook-new', '/admin/settings/webhooks/new'),
  seen('settings-webhook-errors', async ({ page }) => {
    await page.goto('/admin/settings/webhooks/new');
    await page.getByLabel('URL').fill('https://127.0.0.1/');
    await button(page, 'Add webhook').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('settings-webhook', async ({ page }) => webhook(page, 'Alarms in the chat')),
  seen('settings-webhook-stopped', async ({ page }) => webhook(page, 'Tickets for expiring secrets')),
  ...['rotate', 'disable', 'delete'].map((deed) =>
    seen(`settings-webhook-${deed}`, async ({ page }) => {
      await webhook(page, 'Alarms in the chat');
      await page.goto(`${page.url()}/${deed}`);
    }),
  ),
  seen('settings-webhook-secret', async ({ page }) => {
    await page.goto('/admin/settings/webhooks/new');
    await page.getByLabel('URL').fill('https://more.demo.example/in');
    await page.getByRole('checkbox', { name: 'New administrator' }).check();
    await button(page, 'Add webhook').click();
    await page.getByLabel('Secret', { exact: true }).waitFor();
  }),
  alone('settings-webhook-meanwhile', async (page, url) => {
    const form = { url: 'https://chat.demo.example/in', kind: 'secret.expired' };
    const shown = await page.request.post(`${url}/admin/settings/webhooks/new`, { form });
    await meanwhile(page, shown.url().replace('/secret', '/edit'), { ...form, url: 'https://other.demo.example/in' });
  }),
  alone('settings-notice-meanwhile', (page, url) =>
    meanwhile(page, `${url}/admin/settings/notices/secret.expired`, { on: 'true', admins: 'true', addresses: 'list@demo.example' }),
  ),
  at('settings-audit-log', '/admin/settings/audit-log'),
  at('settings-audit-log-shorten', '/admin/settings/audit-log/shorten?days=30'),
  at('settings-credentials', '/admin/settings/credentials'),
  seen('settings-credentials-errors', async ({ page }) => {
    await page.goto('/admin/settings/credentials');
    await page.getByLabel('Most live secrets of an application').fill('0');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
];
