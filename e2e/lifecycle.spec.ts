import type { Page } from '@playwright/test';
import { apply, download, getToken, go, open, register, rows } from './console';
import { expect, test } from './fixtures';

/** Chooses an entry of an application's menu in the list. */
async function choose(page: Page, application: string, entry: string): Promise<void> {
  await page.goto(`/admin/applications?q=${encodeURIComponent(application)}`);
  await page.getByRole('button', { name: `Actions for ${application}` }).click();
  await page.getByRole('link', { name: entry }).click();
}

const applications = (page: Page) => rows(page, 'Applications');
const total = (page: Page) => page.getByRole('status').filter({ hasText: /application/ });

test('an application is disabled and enabled', async ({ page, demo, signIn, axe }) => {
  await signIn();
  const { id, secret } = await register(page, 'Switched');
  await choose(page, 'Switched', 'Disable…');
  await axe();
  await page.getByRole('button', { name: 'Disable application' }).click();
  await expect(page.getByRole('row', { name: 'Switched' })).toContainText('Disabled');
  expect(await getToken(demo.url, id, secret)).toMatchObject({ status: 401, error: 'invalid_client' });

  await choose(page, 'Switched', 'Enable…');
  await page.getByRole('button', { name: 'Enable application' }).click();
  await expect(page.getByRole('row', { name: 'Switched' })).not.toContainText('Disabled');
  expect((await getToken(demo.url, id, secret)).status).toBe(200);
});

test('an application is deleted by its name, which is free again', async ({ page, demo, signIn, axe }) => {
  await signIn();
  const { id, secret, path } = await register(page, 'Short-lived');
  await choose(page, 'Short-lived', 'Delete…');
  const name = page.getByLabel('Type Short-lived to confirm');
  await name.fill('Long-lived');
  await page.getByRole('button', { name: 'Delete application' }).click();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await expect(name).toHaveValue('Long-lived');
  await axe();
  expect((await getToken(demo.url, id, secret)).status).toBe(200);

  await name.fill('Short-lived');
  await page.getByRole('button', { name: 'Delete application' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Short-lived', exact: true })).toHaveCount(0);
  expect((await getToken(demo.url, id, secret)).status).toBe(401);
  expect((await page.goto(path))?.status()).toBe(404);
  expect((await register(page, 'Short-lived')).id).not.toBe(id);
});

test('a question is answered with no', async ({ page, signIn }) => {
  await signIn();
  await register(page, 'Spared');
  await choose(page, 'Spared', 'Delete…');
  await page.getByRole('button', { name: 'Cancel' }).or(page.getByRole('link', { name: 'Cancel' })).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Spared', exact: true })).toBeVisible();
});

test('what the platform made is locked', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/admin/applications?origin=platform');
  await expect(applications(page)).toHaveCount(3);
  await expect(applications(page).first()).toContainText('locked');
  await expect(page.getByRole('button', { name: /^Actions for/ })).toHaveCount(0);

  await open(page, 'Platform Scheduler');
  await expect(page.getByText('It is locked')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Edit', exact: true })).toHaveCount(0);
  await axe();
  const path = new URL(page.url()).pathname;
  for (const action of ['disable', 'delete', 'regenerate', 'edit', 'scopes/review', 'permissions']) {
    expect((await page.request.post(`${path}/${action}`, { form: {} })).status(), action).toBe(403);
  }
});

test('the list answers at a glance, and finds what is asked for', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/');
  await go(page, 'Applications');
  const search = page.getByRole('searchbox', { name: 'Search applications' });

  await test.step('tabs', async () => {
    const tabs = page.getByRole('navigation', { name: 'Configured by' });
    await tabs.getByRole('link', { name: 'Platform' }).click();
    await expect(total(page)).toHaveText('3 applications');
    await tabs.getByRole('link', { name: 'All' }).click();
    await expect(applications(page).nth(30)).toBeVisible();
  });

  await test.step('a search by a part of the name, and what it says is used', async () => {
    await search.fill('ledg');
    await apply(page);
    await expect(total(page)).toHaveText('1 application');
    const ledger = applications(page).first();
    await expect(ledger).toContainText('Ledger Sync');
    await expect(ledger.getByText(/ago|Just now|Yesterday/).first()).toBeAttached();
    await expect(search).toHaveValue('ledg');
    await axe();
  });

  await test.step('a search by client ID and by creator', async () => {
    const id = (await page.getByRole('link', { name: 'Ledger Sync' }).getAttribute('href'))!.split('/').pop()!;
    await search.fill(id);
    await apply(page);
    await expect(total(page)).toHaveText('1 application');
    await expect(page.getByRole('link', { name: 'Ledger Sync' })).toBeVisible();
    await search.fill('demo platform owner');
    await apply(page);
    await expect(page.getByRole('link', { name: 'Nightly Export' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Ledger Sync' })).toHaveCount(0);
  });

  await test.step('filters', async () => {
    await search.fill('');
    await page.getByLabel('Status', { exact: true }).selectOption({ label: 'Disabled' });
    await apply(page);
    await expect(page.getByRole('link', { name: 'Legacy Reporting' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Ledger Sync' })).toHaveCount(0);
    await page.getByLabel('Status', { exact: true }).selectOption({ label: 'Any status' });
    await page.getByLabel('Needs attention').selectOption({ label: 'Secret ends in 30 days' });
    await apply(page);
    await expect(page.getByRole('link', { name: 'Warehouse Scanner' })).toBeVisible();
    await page.getByLabel('Needs attention').selectOption({ label: 'Unused for 90 days' });
    await apply(page);
    await expect(page.getByRole('link', { name: 'Returns Analysis' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Warehouse Scanner' })).toHaveCount(0);
    await page.getByLabel('Scope', { exact: true }).selectOption('integration.data-pools:query');
    await apply(page);
    await expect(page.getByRole('link', { name: 'Returns Analysis' })).toBeVisible();
  });

  await test.step('nothing found', async () => {
    await search.fill('no such application');
    await apply(page);
    await expect(page.getByRole('heading', { name: 'No applications match' })).toBeVisible();
    await axe();
    await page.getByRole('link', { name: 'Clear search' }).click();
    await expect(applications(page).nth(30)).toBeVisible();
  });
});

test('the list is sorted, and keeps the search', async ({ page, signIn, isMobile }) => {
  await signIn();
  await page.goto('/admin/applications?q=network+agent');
  await page.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
  await expect(page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'ascending');
  const names = applications(page).getByRole('rowheader').getByRole('link');
  await expect(names).toHaveText(['Network Agent Berlin', 'Network Agent Lisbon']);
  await page.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
  await expect(names).toHaveText(['Network Agent Lisbon', 'Network Agent Berlin']);
  if (!isMobile) {
    await page.getByRole('columnheader', { name: 'Last used' }).getByRole('link').click();
    await expect(page.getByRole('columnheader', { name: 'Last used' })).toHaveAttribute('aria-sort', 'descending');
  }
});

test('a long list has pages', async ({ page, signIn }) => {
  await signIn();
  for (let n = 1; n <= 15; n++) await register(page, `Page Filler ${n}`);
  await page.goto('/admin/applications?sort=name');
  await expect(applications(page)).toHaveCount(50);
  await page.getByRole('link', { name: 'Next', exact: true }).click();
  await expect(applications(page).last()).toContainText('Warehouse Scanner');
  await page.getByRole('link', { name: 'Previous', exact: true }).click();
  await expect(applications(page)).toHaveCount(50);
  await expect(page.getByRole('link', { name: 'Previous', exact: true })).toHaveCount(0);
  const answer = await page.goto('/admin/applications?after=nonsense');
  expect(answer?.status()).toBe(422);
  await page.getByRole('link', { name: 'First page' }).click();
  await expect(applications(page)).toHaveCount(50);
});

test('the report lists applications with their scopes and permissions', async ({ page, signIn, isMobile }) => {
  await signIn();
  await page.goto('/admin/applications');
  const link = page.getByRole('link', { name: 'Download CSV' });
  await expect(link).toBeVisible({ visible: !isMobile });
  if (isMobile) return; // what would one do with it there?
  const report = await download(page, link);
  expect(report.name).toMatch(/\.csv$/);
  expect(report.text).toMatch(/^.*Ledger Sync.*integration\.data-pools:read.*$/m);
});
