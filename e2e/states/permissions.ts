import { at, button, of, seen, type State } from '../stage';

/** Services, their permissions and scopes, and who holds them. */
export const permissions: State[] = [
  at('services', '/admin/permissions'),
  at('services-no-match', '/admin/permissions?q=no+such+thing'),
  at('services-part', '/admin/permissions', 'looks after the permissions of one service'),
  at('subjects', '/admin/permissions/integration'),
  at('subjects-no-match', '/admin/permissions/integration?q=nobody&type=group'),
  at('subjects-no-such-page', '/admin/permissions/integration?after=nonsense'),
  at('subjects-none', '/admin/permissions/process-repository'),
  at('objects', '/admin/permissions/integration/objects'),
  at('objects-none', '/admin/permissions/team/objects'),
  at('templates', '/admin/permissions/integration/templates'),
  at('granting', '/admin/permissions/studio/granting'),
  at('granting-restricted', '/admin/permissions/on-prem/granting', 'looks after the permissions of one service'),
  at('granting-looked-at', '/admin/permissions/on-prem/granting'),
  at('granting-never', '/admin/permissions/integration/granting'),
  at('granting-restrict', '/admin/permissions/studio/granting/restricted'),
  at('granting-standard', '/admin/permissions/on-prem/granting/standard', 'looks after the permissions of one service'),
  at('subjects-restricted', '/admin/permissions/on-prem'),
  at('holders', '/admin/permissions/integration/access'),
  at('holders-part', '/admin/permissions/on-prem/access', 'looks after the permissions of one service'),
  at('holders-no-such', '/admin/permissions/integration/access?permission=fly'),
  at('why', '/admin/permissions/why'),
  at('why-unknown', '/admin/permissions/why?request=K2VJ6QXW4N7PZ5TRA3MHBDGC2Y'),
  at('why-wrong', '/admin/permissions/why?subject=nobody&permission=x%2Fy&object=a%2Fb%2Fc'),
  at('why-missing', '/admin/permissions/why?subject=Ledger+Sync&permission=applications%2Fmanage&scope=applications%3Aread'),
  at('why-held', '/admin/permissions/why?subject=demo.admin%40example.com&permission=applications%2Fmanage'),
  of('access', 'Ledger Sync', '/access'),
  of('access-none', 'Hackathon Team A', '/access?service=audit'),
  at('assign', '/admin/permissions/integration/assign'),
  at('assign-no-match', '/admin/permissions/integration/assign?q=no+such+subject'),
  at('assign-no-such-page', '/admin/permissions/integration/assign?after=nonsense'),
  at('assign-nobody-picked', '/admin/permissions/integration/assign/what'),
  seen('assign-what', async ({ page }) => {
    await page.goto('/admin/permissions/integration/assign');
    await page.getByRole('checkbox', { name: /^Pick / }).first().check();
    await button(page, 'Next').click();
  }),
  seen('assign-errors', async ({ page }) => {
    await page.goto('/admin/permissions/integration/assign');
    await page.getByRole('checkbox', { name: /^Pick / }).first().check();
    await button(page, 'Next').click();
    await button(page, 'Assign').click();
    await page.getByRole('alert').waitFor();
  }),
  ...['Change', 'Remove'].map((what) =>
    seen(`${what.toLowerCase()}-several`, async ({ page }) => {
      await page.goto('/admin/permissions/integration');
      for (const tick of await page.getByRole('checkbox', { name: /^Tick / }).all()) await tick.check();
      await button(page, `${what} ticked…`).click();
    }),
  ),
  at('change-nothing-ticked', '/admin/permissions/integration/change'),
  at('scopes', '/admin/scopes'),
  at('scopes-no-match', '/admin/scopes?q=no+such+thing'),
];
