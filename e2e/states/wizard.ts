import type { Page } from '@playwright/test';
import { register } from '../console';
import { at, button, seen, type State } from '../stage';

const address = '/admin/applications/new/oauth-client';

/** Fills the wizard's first step in, and leaves the page at the second. */
async function define(page: Page, name: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel('Name').fill(name);
  await button(page, 'Define scopes').click();
  await page.getByRole('heading', { level: 1, name: 'Define scopes' }).waitFor();
}

/** Fills the wizard in for a client that acts for users, up to its scopes. */
async function defineForUsers(page: Page, name: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('radio', { name: /^Authorization code/ }).check();
  await page.getByLabel('Redirect URIs').fill('https://portal.example/cb');
  await button(page, 'Define scopes').click();
  await page.getByRole('heading', { level: 1, name: 'Define scopes' }).waitFor();
  for (const scope of ['openid', 'email']) await page.locator(`[name=scope][value="${scope}"]`).check();
  await page.getByRole('checkbox', { name: 'Required: email' }).check();
}

/** Registers a client, and leaves the page at its secret. */
async function create(page: Page, name: string, scope: string): Promise<void> {
  await define(page, name);
  await page.getByRole('checkbox', { name: scope }).check();
  await button(page, 'Create').click();
  await page.getByRole('heading', { level: 1, name: `${name} is ready` }).waitFor();
}

/** Tries a client out by pasting a secret. */
async function tryOut(page: Page, path: string, secret: string): Promise<void> {
  await page.goto(`${path}/test`);
  await page.getByRole('textbox', { name: 'Client secret' }).fill(secret);
  await button(page, 'Test it now').click();
  await page.locator('.trial').waitFor();
}

/** The wizard that registers an OAuth client, up to the secret and its test. */
export const wizard: State[] = [
  at('wizard-details', address),
  seen('wizard-details-errors', async ({ page }) => {
    await page.goto(address);
    await page.getByLabel('Description').fill('Copies berths to the ledger.');
    await button(page, 'Define scopes').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('wizard-details-for-users', async ({ page }) => {
    await page.goto(address);
    await page.getByRole('radio', { name: /^Authorization code/ }).check();
  }),
  seen('wizard-details-for-users-errors', async ({ page }) => {
    await page.goto(address);
    await page.getByLabel('Name').fill('Harbour Portal');
    await page.getByRole('radio', { name: /^Authorization code/ }).check();
    await page.getByLabel('Redirect URIs').fill('https://portal.example/cb\nhttp://portal.example/cb\nportal:/cb');
    await page.getByLabel('Home page').fill('portal.example');
    await button(page, 'Define scopes').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('wizard-details-unfinished', async ({ page }) => {
    await define(page, 'Harbour Sync');
    await page.goto(address);
    await page.getByRole('link', { name: 'Go on with Harbour Sync' }).first().waitFor();
  }),
  seen('wizard-scopes', ({ page }) => define(page, 'Harbour Sync')),
  seen('wizard-scopes-ticked', async ({ page }) => {
    await define(page, 'Harbour Sync');
    await page.getByRole('checkbox', { name: 'integration.data-pools:read' }).check();
    await page.getByRole('checkbox', { name: 'integration.data-pools:query' }).check();
    await page.getByLabel('Permissions for Data Integration').selectOption({ index: 1 });
  }),
  seen('wizard-scopes-for-users', ({ page }) => defineForUsers(page, 'Harbour Portal')),
  seen('secret-for-users', async ({ page }) => {
    await defineForUsers(page, 'Harbour Portal');
    await button(page, 'Create').click();
    await page.getByRole('heading', { level: 1, name: 'Harbour Portal is ready' }).waitFor();
  }),
  seen('wizard-scopes-errors', async ({ page }) => {
    await define(page, 'Harbour Sync');
    await button(page, 'Create').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('wizard-scopes-manager', ({ page }) => define(page, 'Harbour Sync'), 'manages applications, not permissions'),
  seen('secret', ({ page }) => create(page, 'Harbour Sync', 'audit.log:read')),
  seen('secret-gone', async ({ page }) => {
    const { path } = await register(page, 'Harbour Shown');
    await page.goto(`${path}/secret`);
  }),
  seen('test', async ({ page }) => page.goto(`${(await register(page, 'Harbour Test')).path}/test`)),
  seen('test-lacks-permission', async ({ page }) => {
    const { path, secret } = await register(page, 'Harbour Lacks');
    await tryOut(page, path, secret);
  }),
  seen('test-works', async ({ page }) => {
    const { path, secret } = await register(page, 'Harbour Works', { templates: { audit: 'admin' } });
    await tryOut(page, path, secret);
  }),
  seen('test-refused', async ({ page }) => {
    const { path } = await register(page, 'Harbour Refused');
    await tryOut(page, path, 'cs_wrong');
  }),
];
