import { setUp } from '../console';
import { at, button, seen, type State } from '../stage';

/** The list of applications. */
export const applications: State[] = [
  {
    name: 'list-empty',
    show: async ({ page, fresh }) => {
      const server = await fresh();
      await setUp(page, server);
      await page.goto(`${server.url}/admin/applications`);
      await page.getByRole('heading', { name: 'Register the first OAuth client' }).waitFor();
    },
  },
  at('list', '/admin/applications'),
  at('list-platform', '/admin/applications?origin=platform'),
  at('list-deleted', '/admin/applications?status=deleted'),
  at('list-unused', '/admin/applications?attention=unused&days=30'),
  seen('list-unused-ticked', async ({ page }) => {
    await page.goto('/admin/applications?attention=unused');
    for (const box of (await page.getByRole('checkbox', { name: /^Tick / }).all()).slice(0, 3)) await box.check();
  }),
  ...['Disable', 'Delete'].map((verb) =>
    seen(`list-${verb.toLowerCase()}-ticked`, async ({ page }) => {
      await page.goto('/admin/applications?attention=unused');
      for (const box of (await page.getByRole('checkbox', { name: /^Tick / }).all()).slice(0, 3)) await box.check();
      await button(page, `${verb} ticked…`).click();
      await page.getByRole('heading', { level: 1, name: new RegExp(`^${verb} \\d applications`) }).waitFor();
    })),
  seen('list-restore', async ({ page }) => {
    await page.goto('/admin/applications?status=deleted');
    await page.getByRole('button', { name: /^Actions for / }).first().click();
    await page.getByRole('link', { name: 'Restore…' }).filter({ visible: true }).click();
    await button(page, 'Restore application').waitFor();
  }),
  at('list-nothing-ticked', '/admin/applications/disable'),
  at('list-no-match', '/admin/applications?q=no+such+application&attention=unused'),
  at('list-no-such-page', '/admin/applications?after=nonsense'),
  at('list-viewer', '/admin/applications', 'sees applications'),
  at('applications-owned', '/admin/applications', 'owns applications, and may do nothing else'),
  seen('list-row-menu', async ({ page }) => {
    await page.goto('/admin/applications?sort=name');
    await button(page, 'Actions for Billing Reconciler').click();
  }),
  seen('list-new-menu', async ({ page }) => {
    await page.goto('/admin/applications');
    await button(page, 'Add new application').click();
  }),
];
