import { button, type State } from '../stage';

/** Sign-in and set-up. */
export const signingIn: State[] = [
  { name: 'login', show: ({ page }) => page.goto('/login') },
  {
    name: 'login-refused',
    show: async ({ page }) => {
      await page.goto('/login');
      await page.getByLabel('E-mail address').fill('nobody@demo.example');
      await page.getByRole('textbox', { name: 'Password' }).fill('not the password');
      await button(page, 'Sign in').click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'setup',
    show: async ({ page, fresh }) => page.goto((await fresh()).setupLink),
  },
  {
    name: 'setup-errors',
    show: async ({ page, fresh }) => {
      await page.goto((await fresh()).setupLink);
      await page.getByLabel('E-mail address').fill('no address');
      await button(page, 'Create team').click();
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'setup-without-code', show: async ({ page, fresh }) => page.goto(`${(await fresh()).url}/setup`) },
  { name: 'setup-done', show: ({ page }) => page.goto('/setup') },
];
