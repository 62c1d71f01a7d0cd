import { apply, go, open, register, rows } from './console';
import { expect, test } from './fixtures';

test('owners are found, added, and removed after a question', async ({ page, signIn, axe }) => {
  await signIn();
  const name = `Owned ${Math.random().toString(36).slice(2, 8)}`;
  const { path } = await register(page, name);
  await page.goto(path);
  await page.getByRole('link', { name: 'Change owners' }).click();
  const owners = rows(page, /^Owners of/);
  await expect(owners).toHaveCount(1);
  await axe();
  await page.getByRole('searchbox', { name: 'Search users' }).fill('demo guest');
  await apply(page);
  await axe();
  await page.getByRole('button', { name: 'Add Demo Guest' }).click();
  await expect(owners).toHaveCount(2);
  await expect(page.getByText('Added as an owner').first()).toBeAttached();

  await page.getByRole('link', { name: 'Remove Demo Guest' }).click();
  await expect(page.getByRole('heading', { name: 'Remove Demo Guest?' })).toBeVisible();
  await axe();
  await page.getByRole('button', { name: 'Remove owner' }).click();
  await expect(owners).toHaveCount(1);

  await test.step('one without an owner is found', async () => {
    const unowned = `/admin/applications?attention=no_owner&q=${encodeURIComponent(name)}`;
    await page.goto(unowned);
    await expect(rows(page, 'Applications')).toHaveCount(0);
    await page.goto(`${path}/owners`);
    await page.getByRole('link', { name: /^Remove / }).click();
    await page.getByRole('button', { name: 'Remove owner' }).click();
    await expect(owners).toHaveCount(0);
    await page.goto(unowned);
    await expect(rows(page, 'Applications')).toHaveCount(1);
    await axe();
  });
});

test('an owner without permissions sees and rotates what is theirs', async ({ page, signIn, axe }) => {
  await signIn('owns applications, and may do nothing else');
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
  await go(page, 'Applications');
  await expect(rows(page, 'Applications')).toHaveCount(3);
  await expect(page.getByRole('button', { name: 'Add new application' })).toHaveCount(0);
  await axe();
  expect((await page.request.get('/admin/applications?q=ledger')).status()).toBe(200);
  await page.getByRole('searchbox', { name: 'Search applications' }).fill('skill');
  await apply(page);
  await expect(rows(page, 'Applications')).toHaveCount(1);

  await open(page, 'Skill Tester');
  await axe();
  await expect(page.getByRole('link', { name: 'Edit scopes' })).toHaveCount(0);
  const path = new URL(page.url()).pathname;
  expect((await page.request.get(`${path}/edit`)).status()).toBe(403);
  await page.getByRole('link', { name: 'Add secret' }).click();
  await page.getByLabel('Name').fill('Mine');
  await page.getByRole('button', { name: 'Add secret' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New secret for Skill Tester' })).toBeVisible();
  await axe();
  await page.goto(path);
  await page.getByRole('button', { name: /^Actions for secret Mine/ }).click();
  await page.getByRole('link', { name: 'End…', exact: true }).click();
  await page.getByRole('button', { name: 'End secret' }).click();
  await expect(rows(page, 'Secrets, newest first').filter({ hasText: 'Mine' })).toContainText('Ended');
});
