import { getToken, register } from './console';
import { expect, test } from './fixtures';

test('an application is kept to networks, after a word about where it was last used', async ({ page, demo, signIn, axe }, { project }) => {
  await signIn();
  const { id, secret, path } = await register(page, `Kept Inside ${project.name}`);
  expect((await getToken(demo.url, id, secret)).status).toBe(200);
  await expect(async () => {
    await page.goto(path);
    await expect(page.getByRole('region', { name: 'Use', exact: true })).toContainText('from 127.0.0.1', { timeout: 500 });
  }).toPass();
  await page.getByRole('link', { name: 'Change allowed networks' }).click();
  const networks = page.getByLabel('Allowed networks');
  await networks.fill('192.0.2.9/24\n198.51.100.7');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(networks).toHaveAttribute('aria-invalid', 'true');
  await expect(networks).toHaveValue('192.0.2.9/24\n198.51.100.7');
  await axe();

  await networks.fill('192.0.2.0/24\n198.51.100.7');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('alert')).toContainText('It was last used from 127.0.0.1, which these networks leave out.');
  await axe();
  expect((await getToken(demo.url, id, secret)).status).toBe(200);
  await page.getByRole('checkbox', { name: 'Save them although it was last used from elsewhere' }).check();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('region', { name: 'Details' })).toContainText('192.0.2.0/24');
  const refused = await getToken(demo.url, id, secret);
  expect([refused.status, refused.error]).toEqual([401, 'invalid_client']);

  await page.getByRole('link', { name: 'Change allowed networks' }).click();
  await networks.fill('');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('Every network')).toBeVisible();
  expect((await getToken(demo.url, id, secret)).status).toBe(200);
});
