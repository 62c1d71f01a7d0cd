import { apply, go, rows } from './console';
import { expect, test } from './fixtures';

test('the scopes say who holds them', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/');
  await go(page, 'Scopes');
  await expect(page.getByRole('heading', { level: 1, name: 'Scopes' })).toBeVisible();
  await axe();

  await test.step('the filter finds scopes by what they open', async () => {
    await page.getByRole('searchbox', { name: 'Filter scopes' }).fill('storage');
    await apply(page);
    await expect(page.getByRole('status').filter({ hasText: 'scope' })).toHaveText('1 scope');
    await expect(page.getByRole('rowheader', { name: 'storage-manager.buckets' })).toBeVisible();
  });

  await test.step('the number leads to the applications that hold it', async () => {
    const link = page.getByRole('link', { name: /^\d+ applications with storage-manager\.buckets$/ });
    const number = Number(await link.textContent());
    expect(number).toBeGreaterThan(1);
    await link.click();
    await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
    await expect(rows(page, /applications/i)).toHaveCount(number);
    await page.goBack();
  });

  await test.step('a filter that nothing matches', async () => {
    await page.getByRole('searchbox', { name: 'Filter scopes' }).fill('no such thing');
    await apply(page);
    await expect(page.getByRole('heading', { name: 'No scopes match' })).toBeVisible();
    await page.getByRole('link', { name: 'Show all scopes' }).click();
    await expect(page.getByRole('rowheader', { name: 'audit.log:read' })).toBeVisible();
  });
});
