import type { Page } from '@playwright/test';
import { getToken, go, register, rows } from './console';
import { expect, test } from './fixtures';

const secretsOf = (page: Page) => rows(page, 'Secrets, newest first');
const secretOf = (page: Page, name: string) => secretsOf(page).filter({ hasText: name });

/** Opens the menu of a secret and follows one of its entries. */
async function choose(page: Page, secret: string, entry: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^Actions for secret .*${secret}`) }).click();
  await page.getByRole('link', { name: entry, exact: true }).click();
}

test('one more secret is added beside the first, paused, resumed, edited and ended', async ({ page, demo, signIn, axe }) => {
  await signIn();
  const { id, secret: first, path } = await register(page, 'Several Secrets');
  await page.goto(path);
  await page.getByRole('link', { name: 'Add secret' }).click();
  await page.getByLabel('Name').fill('CI runner');
  await page.getByRole('radio', { name: 'In 30 days' }).check();
  await axe();
  await page.getByRole('button', { name: 'Add secret' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New secret for Several Secrets' })).toBeVisible();
  await expect(page.getByText('It is the secret “CI runner”.')).toBeVisible();
  const second = await page.getByLabel('Client secret', { exact: true }).inputValue();
  expect((await getToken(demo.url, id, first)).status).toBe(200);
  const { access_token } = await getToken(demo.url, id, second);
  const call = async () => (await fetch(`${demo.url}/api/v1/me`, { headers: { Authorization: `Bearer ${access_token}` } })).status;
  expect(await call()).toBe(200);

  await page.goto(path);
  await expect(secretsOf(page)).toHaveCount(2);
  await choose(page, 'CI runner', 'Pause…');
  await page.getByRole('button', { name: 'Pause secret' }).click();
  await expect(secretOf(page, 'CI runner')).toContainText('Paused');
  await axe();
  const refused = await getToken(demo.url, id, second);
  expect([refused.status, refused.error]).toEqual([401, 'invalid_client']);
  expect(await call()).toBe(401);
  expect((await getToken(demo.url, id, first)).status).toBe(200);

  await choose(page, 'CI runner', 'Resume…');
  await page.getByRole('button', { name: 'Resume secret' }).click();
  await expect(secretOf(page, 'CI runner')).not.toContainText('Paused');
  expect(await call()).toBe(200);

  await choose(page, 'CI runner', 'Edit name and end…');
  await page.getByLabel('Name').fill('Build server');
  await page.getByLabel('Date and time, in UTC').fill('2020-01-01T09:00');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByLabel('Date and time, in UTC')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name')).toHaveValue('Build server');
  await axe();
  await page.getByRole('radio', { name: 'In 90 days' }).check();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(secretOf(page, 'Build server')).toBeVisible();

  await choose(page, 'Build server', 'End…');
  await axe();
  await page.getByRole('button', { name: 'End secret' }).click();
  await expect(secretOf(page, 'Build server')).toContainText('Ended');
  expect((await getToken(demo.url, id, second)).status).toBe(401);
  expect(await call()).toBe(401);
});

test('a secret in use that ends soon is followed by one click', async ({ page, demo, signIn, axe }) => {
  await signIn();
  const { id, secret: old, path } = await register(page, 'Ending Soon');
  await page.goto(path);
  await choose(page, old.slice(0, 9), 'Edit name and end…');
  await page.getByRole('radio', { name: 'In 30 days' }).check();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('nothing follows it')).toBeVisible();
  await axe();
  await page.getByRole('button', { name: /^Make its successor/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New secret for Ending Soon' })).toBeVisible();
  const fresh = await page.getByLabel('Client secret', { exact: true }).inputValue();
  for (const secret of [old, fresh]) expect((await getToken(demo.url, id, secret)).status).toBe(200);
});

test('the policy explains itself where it bites', async ({ page, startFresh }) => {
  const { url, setupLink } = await startFresh(); // others' secrets are not bound by it
  const code = new URL(setupLink).searchParams.get('code')!;
  const admin = { team: 'Test Works', name: 'Test Admin', email: 'admin@test.example', password: 'four words without meaning' };
  await page.request.post(`${url}/setup`, { form: { code, ...admin } });
  await page.goto(`${url}/admin/applications`);
  await page.request.post(`${url}/admin/applications/new/oauth-client`, { form: { name: 'Made Before', grant: 'client_credentials', auth_method: 'client_secret_basic' } })
    .then((draft) => page.request.post(draft.url(), { form: { scope: 'audit.log:read' } }));

  await go(page, 'Settings');
  await page.getByRole('link', { name: 'Credentials', exact: true }).click();
  await page.getByLabel('Longest life of a secret, in days').fill('60');
  await page.getByLabel('Longest overlap, in days').fill('91');
  await page.getByLabel('Most live secrets of an application').fill('2');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByLabel('Longest overlap, in days')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Longest life of a secret, in days')).toHaveValue('60');
  await page.getByLabel('Longest overlap, in days').fill('2');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('1 live secret ends later than it allows, or never.')).toBeVisible();

  await page.getByRole('link', { name: 'Made Before' }).click();
  await page.getByRole('link', { name: 'Regenerate secret' }).click();
  await expect(page.getByRole('radio', { name: 'In 7 days' })).toBeDisabled();
  await expect(page.getByText('team policy lets a secret live 60 days at most')).toBeVisible();
  await page.getByRole('button', { name: 'Regenerate secret', exact: true }).click();
  await expect(page.getByText(/^It is accepted until /)).toBeVisible();
  await page.getByRole('link', { name: 'View application' }).click();
  await page.getByRole('link', { name: 'Add secret' }).click();
  await expect(page.getByText('team policy allows 2 live secrets of an application')).toBeVisible();
});
