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

test('permissions are assigned to several, changed and removed', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/admin/permissions/process-repository');
  await page.getByRole('link', { name: 'Assign permissions' }).click();
  await axe();

  const box = (name: string) => page.getByRole('checkbox', { name });
  const search = async (text: string) => {
    await page.getByRole('searchbox', { name: 'Search subjects' }).fill(text);
    await page.getByRole('button', { name: 'Search', exact: true }).click();
  };
  await test.step('what is picked stays picked while one searches', async () => {
    await search('viewer');
    await box('Pick Demo Viewer').check();
    await search('hackathon team a');
    await expect(page.getByRole('group', { name: 'Picked so far' }).getByRole('checkbox')).toBeChecked();
    await box('Pick Hackathon Team A').check();
    await search('no such subject');
    await expect(page.getByRole('status').filter({ hasText: 'picked' })).toHaveText('2 picked');
    await axe();
    await page.getByRole('button', { name: 'Next' }).click();
  });

  await test.step('nothing chosen keeps everything', async () => {
    await page.getByRole('button', { name: 'Assign', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('Choose a template, or at least one permission.');
    await axe();
    await page.locator('input[value="permission:use"]').check();
    await page.getByRole('button', { name: 'Assign', exact: true }).click();
  });

  const table = rows(page, 'Who holds what of Process Repository');
  await expect(table).toHaveCount(2);
  await axe();
  await test.step('several are changed at once', async () => {
    for (const tick of await page.getByRole('checkbox', { name: /^Tick / }).all()) await tick.check();
    await page.getByRole('button', { name: 'Change ticked…' }).click();
    await axe();
    await page.locator('input[value="permission:delete"]').check();
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await expect(table).toHaveCount(2);
    await expect(table.first()).toContainText('Delete');
  });

  await test.step('and removed, after saying what stays', async () => {
    for (const tick of await page.getByRole('checkbox', { name: /^Tick / }).all()) await tick.check();
    await page.getByRole('button', { name: 'Remove ticked…' }).click();
    await expect(page.getByText('Nothing of it stays').first()).toBeVisible();
    await axe();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(page.getByText('Nobody holds anything of it')).toBeVisible();
  });
});
