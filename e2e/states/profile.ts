import { alone, at, button, noMailServer, seen, type State } from '../stage';

/** Edit Profile, and the notices of a user. */
export const profile: State[] = [
  at('profile', '/profile'),
  at('profile-guest', '/profile', 'may see nothing yet'),
  seen('profile-errors', async ({ page }) => {
    await page.goto('/profile');
    await page.getByRole('textbox', { name: 'Name' }).fill('');
    await page.getByRole('textbox', { name: 'E-mail address' }).fill('no address');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('profile-password-errors', async ({ page }) => {
    await page.goto('/profile');
    await page.getByRole('textbox', { name: 'New password' }).fill('too short');
    await button(page, 'Change password').click();
    await page.getByRole('alert').waitFor();
  }),
  alone('profile-mail', (page, url) => page.goto(`${url}/profile`), noMailServer),
  at('notices', '/profile/notices', 'manages applications, not permissions'),
  at('notices-unread', '/profile/notices?show=unread'),
  at('notices-none', '/profile/notices', 'may see nothing yet'),
];
