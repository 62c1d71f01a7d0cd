import { openAccount } from '../console';
import { at, seen, type State } from '../stage';

/** What every page has, and the pages in place of those that are not there. */
export const everywhere: State[] = [
  at('nothing-to-see', '/', 'may see nothing yet'),
  at('not-found', '/admin/no-such-page'),
  at('forbidden', '/admin/applications/new/oauth-client', 'sees applications'),
  { name: 'not-found-signed-out', show: ({ page }) => page.goto('/no-such-page') },
  seen('signed-out', async ({ page }) => {
    await page.goto('/profile');
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  }),
  seen('account-menu', async ({ page }) => {
    await page.goto('/admin/scopes');
    await openAccount(page);
  }),
  seen('navigation', async ({ page }) => {
    await page.goto('/admin/scopes');
    const drawer = page.getByRole('button', { name: 'Open menu' });
    if (await drawer.isVisible()) await drawer.click();
  }),
];
