import { apply, go, rows } from './console';
import { expect, test } from './fixtures';

test('who holds what of a service', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/');
  await go(page, 'Permissions');
  await expect(page.getByRole('heading', { level: 1, name: 'Permissions' })).toBeVisible();
  await axe();

  await test.step('a service is found and opened', async () => {
    await page.getByRole('searchbox', { name: 'Search services' }).fill('data');
    await apply(page);
    await expect(page.getByRole('status').filter({ hasText: 'service' })).toHaveText('2 services');
    await page.getByRole('link', { name: 'Data Integration' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Data Integration' })).toBeVisible();
    await axe();
  });

  const table = rows(page, 'Who holds what of Data Integration');
  await test.step('filters narrow it, and each has its address', async () => {
    const all = await table.count();
    await page.getByLabel('Kind of subject').selectOption('Users');
    await apply(page);
    await expect(table).toHaveCount(3);
    expect(all).toBeGreaterThan(3);
    await page.getByLabel('Container or object').selectOption('Orders › Returns');
    await apply(page);
    await expect(table).toHaveCount(1);
    await expect(table).toContainText('Demo Viewer');
    await expect(page).toHaveURL(/type=user/);
    await expect(page).toHaveURL(/object=orders%2Freturns/);
    await page.reload();
    await expect(table).toHaveCount(1);
    await page.getByRole('link', { name: 'Clear' }).click();
    await expect(table).toHaveCount(all);
    await page.getByRole('searchbox', { name: 'Search subjects' }).fill('ledger');
    await apply(page);
    await expect(table).toHaveCount(1);
  });

  await test.step('an application leads to its permissions', async () => {
    await page.getByRole('link', { name: 'Ledger Sync' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Permissions of Ledger Sync' })).toBeVisible();
    await page.goBack();
  });

  await test.step('an object leads to who holds something on it', async () => {
    await page.getByRole('link', { name: 'Containers and objects' }).click();
    await axe();
    await page.getByRole('searchbox', { name: 'Search containers and objects' }).fill('returns');
    await apply(page);
    await page.getByRole('link', { name: 'Orders › Returns' }).click();
    await expect(table).toHaveCount(1);
  });

  await test.step('a template leads to who holds it', async () => {
    await page.getByRole('link', { name: 'Templates and permissions' }).click();
    await axe();
    const link = page.getByRole('link', { name: /^\d+ subjects with Analyst$/ });
    const number = Number(await link.textContent());
    await link.click();
    await expect(table).toHaveCount(number);
  });
});

test('who looks after one service sees that one', async ({ page, signIn }) => {
  await signIn('looks after the permissions of one service');
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Permissions' })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }) })).toHaveCount(1);
  await page.getByRole('link', { name: 'On-Prem Automation' }).click();
  await expect(rows(page, 'Who holds what of On-Prem Automation')).toHaveCount(3);
  expect((await page.request.get('/admin/permissions/studio')).status()).toBe(404);
});
