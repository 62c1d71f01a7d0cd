import type { Page } from '@playwright/test';
import { firstAdmin, go, openAccount, rows, setUp } from './console';
import { expect, test } from './fixtures';

const sessions = (page: Page) => rows(page, 'Browsers in which you are signed in');

/** A second browser of the same user. */
async function elsewhere(page: Page, javaScriptEnabled?: boolean): Promise<{ signIn: (email: string, password: string) => Promise<void>; isSignedOut: () => Promise<void> }> {
  const { origin } = new URL(page.url());
  const context = await page.context().browser()!.newContext({ javaScriptEnabled });
  const other = await context.newPage();
  return {
    signIn: async (email, password) => {
      const answer = await context.request.post(`${origin}/login`, { form: { email, password }, maxRedirects: 0 });
      expect(answer.status()).toBe(303);
    },
    isSignedOut: async () => {
      await other.goto(`${origin}/profile`);
      await expect(other.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
      await context.close();
    },
  };
}

test('a user edits name and e-mail address', async ({ page, fresh, axe }) => {
  await setUp(page, fresh);
  await page.goto(`${fresh.url}/profile`);
  const name = page.getByRole('textbox', { name: 'Name' });
  const email = page.getByRole('textbox', { name: 'E-mail address' });
  const save = page.getByRole('button', { name: 'Save changes' });

  await test.step('every wrong field is named, and what was typed stays', async () => {
    await name.fill('');
    await email.fill('no address');
    await save.click();
    await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(3);
    await expect(email).toHaveValue('no address');
    await axe();
  });

  await test.step('another address needs the password', async () => {
    await name.fill('Renamed Admin');
    await email.fill('renamed@test.example');
    await page.getByRole('textbox', { name: 'Your password' }).fill(firstAdmin.password);
    await save.click();
    await expect(page.getByText('Saved').first()).toBeAttached();
    await expect(email).toHaveValue('renamed@test.example');
    await expect(page.getByRole('banner').getByText('RA').filter({ visible: true })).toBeVisible();
  });
});

test('another password signs other browsers out', async ({ page, fresh, javaScriptEnabled }) => {
  await setUp(page, fresh);
  await page.goto(`${fresh.url}/profile`);
  const other = await elsewhere(page, javaScriptEnabled);
  await other.signIn(firstAdmin.email, firstAdmin.password);
  await page.getByRole('textbox', { name: 'Current password' }).fill(firstAdmin.password);
  await page.getByRole('textbox', { name: 'New password' }).fill('four more words of mine');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('Your password is changed').first()).toBeAttached();
  await other.isSignedOut();
});

test('sessions are told apart and ended', async ({ page, fresh, axe, javaScriptEnabled }) => {
  await setUp(page, fresh);
  await page.goto(`${fresh.url}/profile`);
  const other = await elsewhere(page, javaScriptEnabled);
  await other.signIn(firstAdmin.email, firstAdmin.password);
  await page.reload();
  await expect(sessions(page)).toHaveCount(2);
  await expect(sessions(page).first()).toContainText('This one');
  await expect(sessions(page).first()).toContainText('Chrome on');
  await axe();
  await sessions(page).last().getByRole('button', { name: /^Sign out/ }).click();
  await expect(sessions(page)).toHaveCount(1);
  await other.isSignedOut();
});

test('everybody finds Edit Profile and OAuth Client Management', async ({ page, signIn, isMobile }) => {
  await signIn('may see nothing yet');
  await page.goto('/');
  await page.getByRole('main').getByRole('link', { name: 'Edit Profile' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edit Profile' })).toBeVisible();
  await go(page, 'Edit Profile');
  await expect(page.getByRole('heading', { level: 1, name: 'Edit Profile' })).toBeVisible();
  await page.goto('/');
  await openAccount(page);
  if (!isMobile) await page.getByRole('link', { name: 'Edit Profile' }).last().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edit Profile' })).toBeVisible();
});
