import { apply, register, rows } from './console';
import { expect, test } from './fixtures';

test('what is not used is disabled and deleted together, and brought back', async ({ page, signIn, axe, javaScriptEnabled }, { project }) => {
  await signIn();
  const names = ['One', 'Two'].map((n) => `Clean Up ${n} ${project.name}`);
  for (const name of names) await register(page, name);
  const boxes = page.getByRole('checkbox', { name: /^Tick Clean Up/ });
  // Nothing of the demo is that new, so that days do not matter here: it is what holds no permissions.
  await page.goto(`/admin/applications?attention=no_permissions&q=${encodeURIComponent(project.name)}`);
  await expect(boxes).toHaveCount(2);
  if (javaScriptEnabled) {
    await page.getByRole('checkbox', { name: 'All on this page' }).check();
    await expect(page.getByText('2 selected')).toBeVisible();
  }
  for (const box of await boxes.all()) await box.check();
  await axe();
  await page.getByRole('button', { name: 'Disable ticked…' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Disable 2 applications?' })).toBeVisible();
  await axe();
  await page.getByRole('button', { name: 'Disable 2 applications' }).click();
  await expect(rows(page, 'Applications').filter({ hasText: 'Disabled' })).toHaveCount(2);

  for (const box of await boxes.all()) await box.check();
  await page.getByRole('button', { name: 'Delete ticked…' }).click();
  await page.getByRole('button', { name: 'Delete 2 applications' }).click();
  await expect(page.getByLabel('Type DELETE to confirm')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Type DELETE to confirm').fill('DELETE');
  await page.getByRole('button', { name: 'Delete 2 applications' }).click();
  await expect(page.getByRole('heading', { name: 'No applications match' })).toBeVisible();

  await page.getByLabel('Status', { exact: true }).selectOption('Deleted');
  await page.getByLabel('Needs attention').selectOption('');
  await apply(page);
  await page.getByRole('button', { name: `Actions for ${names[0]}` }).click();
  await page.getByRole('link', { name: 'Restore…' }).filter({ visible: true }).click();
  await page.getByLabel('Name').fill('Ledger Sync');
  await page.getByRole('button', { name: 'Restore application' }).click();
  await expect(page.getByText('Another application has this name already.').first()).toBeVisible();
  await page.getByLabel('Name').fill(names[0]);
  await page.getByRole('button', { name: 'Restore application' }).click();
  await expect(page.getByRole('heading', { level: 1, name: names[0] })).toBeVisible();
  await expect(page.getByText('It is disabled')).toBeVisible();
});

test('unused for as many days as one likes', async ({ page, signIn }) => {
  await signIn();
  await page.goto('/admin/applications');
  await page.getByLabel('Needs attention').selectOption({ label: 'Unused for 90 days' });
  await apply(page);
  const found = () => page.getByRole('status').filter({ hasText: /application/ }).innerText();
  await expect(page.getByRole('spinbutton', { name: 'Days' })).toBeVisible();
  const long = parseInt(await found());
  await page.getByRole('spinbutton', { name: 'Days' }).fill('10');
  await apply(page);
  await expect(page.getByLabel('Needs attention').locator('option:checked')).toHaveText('Unused for 10 days');
  expect(parseInt(await found())).toBeGreaterThan(long);
});
