import type { Page } from '@playwright/test';
import { go, register, rows } from './console';
import { expect, test } from './fixtures';

const admin = { team: 'Test Works', name: 'Test Admin', email: 'admin@test.example', password: 'four words without meaning' };

/** Sets a fresh server up, and leaves the page signed in. */
async function setUp(page: Page, setupLink: string): Promise<void> {
  const link = new URL(setupLink);
  await page.request.post(`${link.origin}/setup`, { form: { ...admin, code: link.searchParams.get('code')! } });
  await page.goto(`${link.origin}/profile`);
}

/** A picture of 1 × 1 pixels. */
const logo = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64');

test('the team gets another name and a logo', async ({ page, fresh, axe }) => {
  await setUp(page, fresh.setupLink);
  await go(page, 'Settings');
  const name = page.getByRole('textbox', { name: 'Team name' });
  await name.fill('');
  await page.getByLabel('Logo').setInputFiles({ name: 'logo.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(2);
  await axe();

  await name.fill('Renamed Works');
  await page.getByLabel('Logo').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: logo });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('Saved').first()).toBeAttached();
  await expect(page.getByRole('banner').getByText('Renamed Works')).toBeAttached();
  await expect(page.getByRole('img', { name: 'The logo as it is now' })).toBeVisible();
});

test('the bell tells of what somebody else did', async ({ page, signIn, demo, browser, axe }) => {
  const bell = page.getByRole('banner').getByRole('link', { name: /notices$/i });
  const mine = page.getByRole('listitem').filter({ hasText: 'Bell Tower' });

  await test.step('another administrator registers an application', async () => {
    const elsewhere = await browser.newContext({ baseURL: demo.url });
    const other = await elsewhere.newPage();
    const { email, password } = demo.users[1];
    await other.request.post('/login', { form: { email, password }, maxRedirects: 0 });
    await register(other, 'Bell Tower');
    await elsewhere.close();
  });

  await test.step('it is unread, and leads there', async () => {
    await signIn();
    await expect(async () => {
      await page.goto('/profile/notices?show=unread');
      await expect(mine).toHaveCount(1, { timeout: 500 });
    }).toPass();
    await expect(bell).toHaveAccessibleName(/unread/);
    await axe();
    await mine.getByRole('link').click();
    await expect(page.getByRole('heading', { level: 1, name: 'Bell Tower' })).toBeVisible();
    await bell.click();
    await expect(mine).toHaveCount(1);
    await page.getByRole('link', { name: 'Unread', exact: true }).click();
    await expect(page.getByRole('link', { name: 'Unread', exact: true })).toHaveAttribute('aria-current', 'page');
    await expect(mine).toHaveCount(0);
  });
});

test('what is read leaves the unread', async ({ page, signIn }) => {
  await signIn('manages applications, not permissions');
  await page.goto('/profile/notices?show=unread');
  const items = page.getByRole('main').getByRole('list').getByRole('listitem');
  const first = items.first();
  const title = await first.getByRole('link').innerText();
  const same = items.filter({ hasText: title });
  const before = await same.count();
  await first.getByRole('button', { name: `Mark as read: ${title}` }).click();
  await expect(same).not.toHaveCount(before);
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(page.getByRole('heading', { name: 'You have read them all' })).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Notices', exact: true })).toBeVisible();
});

test('an administrator chooses who is told', async ({ page, fresh, axe }) => {
  await setUp(page, fresh.setupLink);
  await go(page, 'Settings');
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Notices' }).click();
  await expect(rows(page, 'Kinds of notices')).toHaveCount(9);
  await axe();
  await page.getByRole('link', { name: 'Consent revoked by an administrator' }).click();
  await page.getByRole('checkbox', { name: 'Administrators' }).uncheck();
  await page.getByRole('checkbox', { name: 'The users who gave it' }).uncheck();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('alert')).toContainText('Choose who is told, or turn the notice off.');
  await axe();
  await page.getByRole('checkbox', { name: 'Tell people' }).uncheck();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(rows(page, 'Kinds of notices').filter({ hasText: 'Consent revoked' })).toContainText('Off');
});
