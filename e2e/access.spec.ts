import type { Page } from '@playwright/test';
import { open, register } from './console';
import { expect, test } from './fixtures';

/** Posts a form as the signed-in user and returns the status of the answer. */
async function post(page: Page, path: string, form: Record<string, string> = {}): Promise<number> {
  return (await page.request.post(path, { form, maxRedirects: 0 })).status();
}

/** The page's navigation, which a phone keeps behind a button. */
const places = (page: Page) => page.getByRole('navigation', { name: 'Main', includeHidden: true }).locator('a');

test('a viewer looks and changes nothing', async ({ page, signIn, axe }) => {
  await signIn('sees applications');
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
  await expect(places(page)).toHaveText(['Applications', 'Scopes']);
  await expect(page.getByRole('button', { name: 'Add new application' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Actions for/ })).toHaveCount(0);

  await open(page, 'Ledger Sync');
  const path = new URL(page.url()).pathname;
  for (const name of ['Regenerate secret', 'Edit', 'Edit scopes', 'Assign permissions']) {
    await expect(page.getByRole('link', { name, exact: true }), name).toHaveCount(0);
  }
  await expect(page.getByRole('region', { name: 'Activity' })).toHaveCount(0);
  await axe();

  await test.step('what the pages hide is refused too', async () => {
    for (const action of ['edit', 'scopes/review', 'permissions', 'disable', 'enable', 'delete', 'regenerate']) {
      expect(await post(page, `${path}/${action}`), action).toBe(403);
    }
    expect(await post(page, '/admin/applications/new/oauth-client', { name: 'Not Mine' })).toBe(403);
    const answer = await page.goto('/admin/applications/new/oauth-client');
    expect(answer?.status()).toBe(403);
    await expect(page.getByRole('heading', { level: 1, name: 'You may not do that' })).toBeVisible();
    await axe();
  });

  await test.step('what they may not view is not there', async () => {
    const answer = await page.goto('/admin/audit-log');
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
    await expect(places(page).first()).toBeAttached();
    await axe();
    await page.getByRole('link', { name: 'Go to Applications' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Applications' })).toBeVisible();
  });
});

test('an auditor sees who was refused', async ({ page, signIn }) => {
  await signIn('sees applications and the audit log');
  await page.goto('/');
  await expect(places(page)).toHaveText(['Applications', 'Scopes', 'Audit log']);
  expect(await post(page, '/admin/applications/new/oauth-client', { name: 'Not Mine' })).toBe(403);
  await page.goto('/admin/audit-log?outcome=refused');
  await page.getByRole('link', { name: 'Register an application' }).first().click();
  await expect(page.getByRole('heading', { name: 'Why it was refused' })).toBeVisible();
});

test('an application manager registers clients, and gives them nothing', async ({ page, signIn, axe }) => {
  await signIn('manages applications, not permissions');

  await test.step('the wizard offers no permissions', async () => {
    await page.goto('/admin/applications/new/oauth-client');
    await page.getByLabel('Name').fill('Managed');
    await page.getByRole('button', { name: 'Define scopes' }).click();
    await expect(page.getByRole('combobox')).toHaveCount(0);
    await expect(page.getByText('ask someone who may manage permissions')).toBeVisible();
    await axe();
  });

  await test.step('nor does the page of an application', async () => {
    const { path } = await register(page, 'Managed Too');
    await page.goto(path);
    await page.getByRole('link', { name: 'See permissions' }).click();
    await expect(page.getByText('You can look, but not change anything')).toBeVisible();
    await expect(page.getByRole('button', { name: /^Assign/ })).toHaveCount(0);
    await axe();
    const grant = { service: 'audit', grant: 'template:admin' };
    expect(await post(page, `${path}/permissions`, grant)).toBe(403);
  });

  await test.step('a secret of an application that holds permissions is for others', async () => {
    await open(page, 'Ledger Sync');
    await expect(page.getByRole('link', { name: 'Regenerate secret' })).toHaveCount(0);
    expect(await post(page, `${new URL(page.url()).pathname}/regenerate`, { end: 'now' })).toBe(403);
  });

  await test.step('their own they rotate', async () => {
    await open(page, 'Managed Too');
    await expect(page.getByRole('link', { name: 'Regenerate secret' })).toBeVisible();
  });
});

test('a guest is told whom to ask', async ({ page, signIn, axe }) => {
  await signIn('may see nothing yet');
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Nothing to see here yet' })).toBeVisible();
  await expect(places(page)).toHaveCount(0);
  await axe();
  for (const path of ['/admin/applications', '/admin/scopes', '/admin/audit-log', '/admin/applications.csv']) {
    expect((await page.request.get(path)).status(), path).toBe(404);
  }
});

test('nobody else\'s site changes anything', async ({ page, demo, signIn }) => {
  await signIn();
  const answer = await page.request.post('/theme', { form: { theme: 'dark' }, headers: { Origin: 'https://other.example' }, maxRedirects: 0 });
  expect(answer.status()).toBe(403);
  expect((await page.request.get(`${demo.url}/admin/applications/cl_unknown`)).status()).toBe(404);
});
