import { expect, type Page } from '@playwright/test';
import { alone, at, button, find, noMailServer, seen, type State } from '../stage';

/** A page of a user of the demo. */
const ofUser = (name: string, user: string, subpage = ''): State =>
  seen(name, async ({ page }) => page.goto((await find(page, user, 'users')) + subpage));

/** A page of a group of the demo. */
const ofGroup = (name: string, group: string, subpage = ''): State =>
  seen(name, async ({ page }) => page.goto((await find(page, group, 'groups')) + subpage));

/** Invites somebody whom nobody else invites, and leaves the page at the link, which it returns. */
async function inviteAnyone(page: Page, name: string): Promise<string> {
  await page.goto('/admin/users/new');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail address').fill(`${Math.random().toString(36).slice(2)}@demo.example`);
  await button(page, 'Invite user').click();
  await page.getByRole('heading', { level: 1, name: `${name} is invited` }).waitFor();
  return page.getByRole('textbox', { name: 'Link' }).inputValue();
}

/** Invites somebody by e-mail that cannot be sent, and leaves the page at theirs, whose address it returns. */
async function unsent(page: Page, url: string): Promise<string> {
  const form = { name: 'Demo Newcomer', email: 'newcomer@demo.example', mail: 'true' };
  const path = (await page.request.post(`${url}/admin/users/new`, { form })).url();
  await expect(async () => {
    await page.goto(path);
    await expect(page.getByText('It could not be sent to')).toBeVisible({ timeout: 100 });
  }).toPass();
  return path;
}

/** Users, groups and invitations. */
export const users: State[] = [
  at('users', '/admin/users'),
  at('users-no-match', '/admin/users?q=nobody+of+that+name'),
  at('users-disabled', '/admin/users?status=disabled'),
  at('users-no-such-page', '/admin/users?after=nonsense'),
  seen('users-menu', async ({ page }) => {
    await page.goto('/admin/users');
    await button(page, 'Actions for Demo Viewer').click();
  }),
  ofUser('user-access', 'Demo Viewer', '/access'),
  ofUser('user', 'Demo Auditor'),
  ofUser('user-own', 'Demo Admin'),
  ofUser('user-invited', 'Demo Newcomer'),
  ofUser('user-expired', 'Demo Latecomer'),
  ofUser('user-disabled', 'Demo Leaver'),
  ofUser('user-disable', 'Demo Viewer', '/disable'),
  ofUser('user-reset-password', 'Demo Viewer', '/reset-password'),
  ofUser('user-sign-out', 'Demo Viewer', '/sign-out'),
  ofUser('user-administrator', 'Demo Viewer', '/administrator'),
  ofUser('user-no-administrator', 'Demo Platform Owner', '/administrator/remove'),
  seen('services-for-user', async ({ page }) => {
    await page.goto('/admin/groups?q=Demo+Reviewers');
    await page.getByRole('link', { name: 'Demo Reviewers', exact: true }).click();
    await page.getByRole('link', { name: 'Assign permissions' }).click();
    await page.getByRole('heading', { level: 1, name: 'Assign permissions' }).waitFor();
  }),
  ofUser('user-self', 'Demo Admin', '/disable'),
  ofUser('user-link-gone', 'Demo Newcomer', '/link'),
  at('groups', '/admin/groups'),
  at('groups-none', '/admin/groups?q=nothing'),
  at('group-new', '/admin/groups/new'),
  ofGroup('group', 'Demo Reviewers'),
  ofGroup('group-empty', 'Demo Pilot'),
  ofGroup('group-edit', 'Demo Pilot', '/edit'),
  ofGroup('group-add', 'Demo Reviewers', '/add'),
  ofGroup('group-delete', 'Demo Reviewers', '/delete'),
  at('users-invite', '/admin/users/new'),
  seen('users-invite-errors', async ({ page }) => {
    await page.goto('/admin/users/new');
    await page.getByLabel('E-mail address').fill('no address');
    await button(page, 'Invite user').click();
    await page.getByRole('alert').waitFor();
  }),
  alone('users-invite-mail', (page, url) => page.goto(`${url}/admin/users/new`), noMailServer),
  alone('user-unsent', unsent, noMailServer),
  alone('user-unsent-again', async (page, url) => page.goto(`${await unsent(page, url)}/invitation`), noMailServer),
  seen('user-link', async ({ page }) => {
    await inviteAnyone(page, 'Demo Invitee');
  }),
  seen('invitation', async ({ page, context }) => {
    const link = await inviteAnyone(page, 'Demo Joiner');
    await context.clearCookies();
    await page.goto(link);
  }),
  { name: 'invitation-unknown', show: ({ page }) => page.goto('/invitation?code=nonsense') },
];
