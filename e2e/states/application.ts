import type { Page } from '@playwright/test';
import { at, button, find, of, seen, type State } from '../stage';

/** A question about an application, asked from its menu in the list: in a dialog, or on a page without script. */
const asked = (name: string, application: string, question: string, then?: (page: Page) => Promise<unknown>): State =>
  seen(name, async ({ page }) => {
    await page.goto(`/admin/applications?q=${encodeURIComponent(application)}`);
    await button(page, `Actions for ${application}`).click();
    await page.getByRole('link', { name: new RegExp(`^${question}`, 'i') }).click();
    await page.getByRole('button', { name: new RegExp(`^${question}`, 'i') }).waitFor();
    await then?.(page);
  });

/** One application, and what is asked about it. */
export const application: State[] = [
  of('application', 'Ledger Sync'),
  of('application-never-used', 'Carbon Report'),
  of('application-without-permissions', 'Hackathon Team A'),
  of('application-disabled', 'Legacy Reporting'),
  of('application-rotating', 'Warehouse Scanner'),
  of('application-rotated', 'Supplier Portal'),
  of('application-secrets', 'Pool Monitor'),
  of('application-unused-scope', 'Delivery Watch'),
  of('application-key', 'Factory Terminal'),
  of('application-key-moves', 'Badge Printer'),
  of('application-key-moved', 'Visitor Badges'),
  of('application-key-migrate', 'Factory Terminal', '/migrate'),
  at('application-key-new', '/admin/applications/new/application-key'),
  of('application-owners', 'Pool Monitor', '/owners?q=demo'),
  seen(
    'application-owned',
    async ({ page }) => page.goto(await find(page, 'Network Agent Berlin')),
    'owns applications, and may do nothing else',
  ),
  of('application-networks', 'Pool Monitor', '/networks'),
  of('application-networks-errors', 'Ledger Sync', '/networks', async (page) => {
    await page.getByLabel('Allowed networks').fill('192.0.2.9/24\nthe office');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('application-networks-shut-out', 'Ledger Sync', '/networks', async (page) => {
    await page.getByLabel('Allowed networks').fill('2001:db8::/64');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('application-secret-ends', 'Forecast Notebook'),
  of('application-locked', 'Platform Scheduler'),
  of('application-menu', 'Ledger Sync', '', (page) => button(page, 'Actions for Ledger Sync').click()),
  of('application-for-users', 'Chart Studio'),
  of('application-public', 'Task Pocket'),
  of('connect', 'Chart Studio', '/connect'),
  of('connect-public', 'Task Pocket', '/connect'),
  of('edit', 'Ledger Sync', '/edit'),
  of('edit-for-users', 'Chart Studio', '/edit'),
  of('edit-errors', 'Ledger Sync', '/edit', async (page) => {
    await page.getByLabel('Name').fill('Nightly Export');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('edit-scopes', 'Ledger Sync', '/scopes'),
  of('edit-scopes-errors', 'Carbon Report', '/scopes', async (page) => {
    await page.getByRole('checkbox', { name: 'integration.data-models:read' }).uncheck();
    await button(page, 'Review changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('edit-scopes-review', 'Ledger Sync', '/scopes', async (page) => {
    await page.getByRole('checkbox', { name: 'integration.data-pools:read' }).uncheck();
    await page.getByRole('checkbox', { name: 'integration.data-pools:query' }).check();
    await button(page, 'Review changes').click();
    await page.getByRole('heading', { name: 'Review changes' }).waitFor();
  }),
  of('edit-scopes-required', 'Chart Studio', '/scopes', async (page) => {
    await page.getByRole('checkbox', { name: 'Required: studio.knowledge-models:query' }).check();
    await page.getByRole('checkbox', { name: 'Required: studio.knowledge-models:read' }).uncheck();
    await button(page, 'Review changes').click();
    await page.getByRole('heading', { name: 'Review changes' }).waitFor();
  }),
  of('edit-scopes-nothing', 'Ledger Sync', '/scopes', async (page) => {
    await button(page, 'Review changes').click();
    await page.getByRole('heading', { name: 'Nothing would change' }).waitFor();
  }),
  of('permissions', 'Ledger Sync', '/permissions'),
  of('permissions-locked', 'Platform Scheduler', '/permissions'),
  ...(['regenerate', 'disable', 'delete'] as const).flatMap((question) => [
    of(`${question}-page`, 'Ledger Sync', `/${question}`),
    asked(`${question}-dialog`, 'Ledger Sync', question),
  ]),
  of('enable-page', 'Legacy Reporting', '/enable'),
  asked('enable-dialog', 'Legacy Reporting', 'enable'),
  asked('delete-errors', 'Ledger Sync', 'delete', async (page) => {
    await page.getByLabel('Type Ledger Sync to confirm').fill('Ledger');
    await button(page, 'Delete application').click();
    await page.locator('[aria-invalid=true]').waitFor();
  }),
];
