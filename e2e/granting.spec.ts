import { apply, go, rows } from './console';
import { expect, test } from './fixtures';

test('an administrator is made and removed', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/');
  await go(page, 'Users');
  await page.getByRole('searchbox', { name: 'Search users' }).fill('demo guest');
  await apply(page);
  await page.getByRole('link', { name: 'Demo Guest', exact: true }).click();
  const console = page.getByRole('region', { name: 'May do in the console' });
  await expect(console.getByText('Nothing')).toHaveCount(4);
  await axe();

  await page.getByRole('button', { name: 'Actions for Demo Guest' }).click();
  await page.getByRole('link', { name: 'Make administrator…' }).click();
  await expect(page.getByRole('heading', { name: 'Make Demo Guest an administrator?' })).toBeVisible();
  await axe();
  await page.getByRole('button', { name: 'Make administrator' }).click();
  await expect(console).toContainText('View users, Manage users');

  await page.getByRole('button', { name: 'Actions for Demo Guest' }).click();
  await page.getByRole('link', { name: 'Remove administrator…' }).click();
  await page.getByRole('button', { name: 'Remove administrator' }).click();
  await expect(console.getByText('Nothing')).toHaveCount(4);
});

test('who may grant a service is told', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/admin/permissions/on-prem');
  await expect(page.getByRole('link', { name: 'Assign permissions' })).toHaveCount(0);
  await expect(rows(page, 'Who holds what of On-Prem Automation').first()).toBeVisible();
  await page.getByRole('link', { name: 'Who may grant' }).click();
  await expect(page.getByText('Only those who hold “Manage permissions” of this service')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Let administrators grant…' })).toHaveCount(0);
  await axe();

  await page.goto('/admin/permissions/studio/granting');
  await page.getByRole('link', { name: 'Restrict…' }).click();
  await expect(page.getByRole('heading', { name: 'Restrict who may grant Studio?' })).toBeVisible();
  await axe();
  await page.getByText('Cancel', { exact: true }).click();
  await expect(page).toHaveURL(/granting$/);
});

test('who looks after a restricted service grants it', async ({ page, signIn, axe }) => {
  await signIn('looks after the permissions of one service');
  await page.goto('/admin/permissions/on-prem');
  await page.getByRole('link', { name: 'Assign permissions' }).click();
  await axe();
  await page.goto('/admin/permissions/on-prem/granting');
  await page.getByRole('link', { name: 'Let administrators grant…' }).click();
  await expect(page.getByRole('heading', { name: 'Let administrators grant On-Prem Automation?' })).toBeVisible();
});
