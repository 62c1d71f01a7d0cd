import type { Locator, Page } from '@playwright/test';
import { getToken, register, rows } from './console';
import { expect, test } from './fixtures';

/** Regenerates a secret from the list's menu, and returns the new one. */
async function rotate(page: Page, name: string, choose?: () => Promise<unknown>): Promise<string> {
  await page.goto(`/admin/applications?q=${encodeURIComponent(name)}`);
  let clicks = 0;
  const click = async (what: Locator) => { clicks++; await what.click(); };
  await click(page.getByRole('button', { name: `Actions for ${name}` }));
  await click(page.getByRole('link', { name: 'Regenerate secret…' }));
  await choose?.();
  await click(page.getByRole('button', { name: 'Regenerate secret', exact: true }));
  await expect(page.getByRole('heading', { level: 1, name: `New secret for ${name}` })).toBeVisible();
  expect(clicks).toBe(3);
  return page.getByLabel('Client secret', { exact: true }).inputValue();
}

test('a secret is replaced without an outage, and the old one ended when nothing uses it', async ({ page, demo, signIn, axe }) => {
  await signIn();
  const { id, secret: old, path } = await register(page, 'Rotated');
  const fresh = await rotate(page, 'Rotated');
  await expect(page.getByText(`The secret ${old.slice(0, 7)}`)).toBeVisible();
  await axe();

  await test.step('both work', async () => {
    expect((await getToken(demo.url, id, fresh)).status).toBe(200);
    expect((await getToken(demo.url, id, old)).status).toBe(200);
  });

  const secrets = rows(page, 'Secrets, newest first');
  await test.step('the page says that the old one is still in use', async () => {
    await expect(async () => {
      await getToken(demo.url, id, old); // in another second than the new one, at some time
      await page.goto(path);
      await expect(page.getByText(/The old secret .* is still in use/)).toBeVisible({ timeout: 500 });
    }).toPass();
    await expect(secrets).toHaveCount(2);
    await expect(page.getByRole('button', { name: /^End it now/ })).toHaveCount(1);
    await axe();
  });

  await test.step('it is moved to the new one, and one click ends the old', async () => {
    await expect(async () => {
      await getToken(demo.url, id, fresh);
      await page.goto(path);
      await expect(page.getByText(/The new secret .* is in use/)).toBeVisible({ timeout: 500 });
    }).toPass();
    await page.getByRole('button', { name: /^End it now/ }).click();
    await expect(secrets.nth(1)).toContainText('Ended');
    expect((await getToken(demo.url, id, old)).status).toBe(401);
    expect((await getToken(demo.url, id, fresh)).status).toBe(200);
  });
});

test('a leaked secret stops at once, and its tokens with it', async ({ page, demo, signIn }) => {
  await signIn();
  const { id, secret: leaked } = await register(page, 'Leaked', { templates: { audit: 'admin' } });
  const { access_token } = await getToken(demo.url, id, leaked);
  const call = async () => (await fetch(`${demo.url}/api/v1/audit-log?limit=1`, { headers: { Authorization: `Bearer ${access_token}` } })).status;
  expect(await call()).toBe(200);

  const fresh = await rotate(page, 'Leaked', () => page.getByRole('radio', { name: 'Now' }).check());
  expect((await getToken(demo.url, id, leaked)).status).toBe(401);
  expect(await call()).toBe(401);
  expect((await getToken(demo.url, id, fresh)).status).toBe(200);
});

test('a time of one\'s choice must be to come', async ({ page, demo, signIn, axe }) => {
  await signIn();
  const { id, secret, path } = await register(page, 'Rotated Later');
  await page.goto(path);
  await page.getByRole('link', { name: 'Regenerate secret' }).click();
  await page.getByRole('radio', { name: 'At a time I choose' }).check();
  await page.getByLabel('Date and time, in UTC').fill('2020-01-01T09:00');
  await page.getByRole('button', { name: 'Regenerate secret', exact: true }).click();
  await expect(page.getByLabel('Date and time, in UTC')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Date and time, in UTC')).toHaveValue('2020-01-01T09:00');
  await expect(page.getByRole('radio', { name: 'At a time I choose' })).toBeChecked();
  await axe();

  const tomorrow = new Date(Date.now() + 36 * 60 * 60 * 1000).toISOString().slice(0, 16);
  await page.getByLabel('Date and time, in UTC').fill(tomorrow);
  await page.getByRole('button', { name: 'Regenerate secret', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New secret for Rotated Later' })).toBeVisible();
  expect((await getToken(demo.url, id, secret)).status).toBe(200);
});

test('one confirmation makes one secret', async ({ page, signIn }) => {
  await signIn();
  const { path } = await register(page, 'Rotated Once');
  await page.goto(`${path}/regenerate`);
  await page.getByRole('button', { name: 'Regenerate secret', exact: true }).dblclick();
  await expect(page.getByRole('heading', { level: 1, name: 'New secret for Rotated Once' })).toBeVisible();
  await page.goto(path);
  await expect(rows(page, 'Secrets, newest first')).toHaveCount(2);
});
