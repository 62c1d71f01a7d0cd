import { openAccount } from './console';
import { expect, test } from './fixtures';

const admin = { team: 'Test Works', name: 'Test Admin', email: 'admin@test.example', password: 'four words without meaning' };

test('the printed link makes the team and its first administrator, who signs out and in', async ({ page, fresh, axe }) => {
  await test.step('every wrong field is named, and what was typed stays', async () => {
    await page.goto(fresh.setupLink);
    await page.getByLabel('Your name').fill(admin.name);
    await page.getByLabel('E-mail address').fill('no address');
    await page.getByRole('button', { name: 'Create team' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    for (const field of ['Team name', 'E-mail address', 'Password']) {
      await expect(page.getByRole('textbox', { name: field }), field).toHaveAttribute('aria-invalid', 'true');
    }
    await expect(page.getByRole('alert').getByRole('link')).toHaveCount(3);
    await expect(page.getByLabel('Your name')).toHaveValue(admin.name);
    await expect(page.getByLabel('Your name')).not.toHaveAttribute('aria-invalid');
    await expect(page.getByLabel('E-mail address')).toHaveValue('no address');
    await page.getByRole('alert').getByRole('link').last().click();
    await expect(page.getByRole('textbox', { name: 'Password' })).toBeFocused();
    await axe();
  });

  await test.step('the team is made and its administrator signed in', async () => {
    await page.getByLabel('Team name').fill(admin.team);
    await page.getByLabel('E-mail address').fill(admin.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(admin.password);
    await page.getByRole('button', { name: 'Create team' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Register the first OAuth client' })).toBeVisible();
    await expect(page.getByRole('banner').getByText(admin.team)).toBeVisible();
    await axe();
  });

  await test.step('the link worked once', async () => {
    const answer = await page.goto(fresh.setupLink);
    expect(answer?.status()).toBe(404);
  });

  await test.step('a theme is chosen and stays', async () => {
    const html = page.locator('html');
    for (const theme of ['Dark', 'Light', 'System']) {
      await page.goto(fresh.url);
      await openAccount(page);
      await page.getByRole('button', { name: theme }).click();
      await expect(html).toHaveAttribute('data-theme', theme.toLowerCase());
      await page.reload();
      await expect(html).toHaveAttribute('data-theme', theme.toLowerCase());
    }
  });

  await test.step('sign out, sign in wrong and right', async () => {
    await openAccount(page);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();

    await page.getByLabel('E-mail address').fill(admin.email);
    await page.getByRole('textbox', { name: 'Password' }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toContainText('The e-mail address or the password is not right.');
    await expect(page.getByLabel('E-mail address')).toHaveValue(admin.email);
    await axe();

    await page.getByRole('textbox', { name: 'Password' }).fill(admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
  });
});

test('someone who is not signed in is led to the page they asked for', async ({ page, demo }) => {
  await page.goto('/admin/scopes');
  await expect(page).toHaveURL(/\/login/);
  const [admin] = demo.users;
  await page.getByLabel('E-mail address').fill(admin.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Scopes' })).toBeVisible();
});

test('the set-up page without its code says where to find it', async ({ page, fresh, axe }) => {
  const answer = await page.goto(`${fresh.url}/setup`);
  expect(answer?.status()).toBe(403);
  await expect(page.getByRole('heading', { level: 1, name: 'Open the printed link' })).toBeVisible();
  await axe();
});
