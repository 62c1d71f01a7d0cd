import { apply, go, rows } from './console';
import { expect, test } from './fixtures';

test('a group is made, filled, emptied and deleted', async ({ page, signIn, axe }) => {
  const name = `Test Group ${Math.random().toString(36).slice(2, 8)}`;
  await signIn();
  await page.goto('/');
  await go(page, 'Groups');
  await expect(page.getByRole('heading', { level: 1, name: 'Groups' })).toBeVisible();
  await axe();
  await page.getByRole('link', { name: 'New group' }).click();

  await test.step('a name is needed, and what was typed stays', async () => {
    await page.getByRole('textbox', { name: 'Description' }).fill('Who tests');
    await page.getByRole('button', { name: 'Create group' }).click();
    await expect(page.getByRole('alert')).toContainText('Enter a name.');
    await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Who tests');
    await axe();
  });

  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Create group' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  const path = page.url();
  await axe();

  await test.step('users are added one by one', async () => {
    await page.getByRole('link', { name: 'Add members' }).first().click();
    await axe();
    await page.getByRole('searchbox', { name: 'Search users' }).fill('demo guest');
    await apply(page);
    await page.getByRole('button', { name: 'Add Demo Guest' }).click();
    await expect(page.getByText('Demo Guest is in the group').first()).toBeAttached();
    await expect(page.getByRole('button', { name: 'Add Demo Guest' })).toHaveCount(0);
    await page.getByRole('link', { name: 'Done' }).click();
    await expect(rows(page, `Members of ${name}`)).toHaveCount(1);
  });

  await test.step('a user leads to their groups', async () => {
    await page.getByRole('link', { name: 'Demo Guest', exact: true }).click();
    await page.getByRole('link', { name, exact: true }).click();
    await expect(page).toHaveURL(path);
  });

  await test.step('it is renamed', async () => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill(`${name} again`);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('heading', { level: 1, name: `${name} again` })).toBeVisible();
  });

  await test.step('a member is taken out', async () => {
    await page.getByRole('link', { name: 'Remove Demo Guest' }).click();
    await expect(page.getByRole('heading', { name: `Remove Demo Guest from ${name} again?` })).toBeVisible();
    await axe();
    await page.getByRole('button', { name: 'Remove from the group' }).click();
    await expect(page.getByText('Nobody is in it')).toBeVisible();
  });

  await test.step('it is deleted by its name', async () => {
    await page.getByRole('button', { name: `Actions for ${name} again` }).click();
    await page.getByRole('link', { name: 'Delete…' }).click();
    await page.getByRole('textbox', { name: `Type ${name} again to confirm` }).fill(name);
    await page.getByRole('button', { name: 'Delete group' }).click();
    await expect(page.getByText(`Type the group’s name exactly: ${name} again`)).toBeVisible();
    await axe();
    await page.getByRole('textbox', { name: `Type ${name} again to confirm` }).fill(`${name} again`);
    await page.getByRole('button', { name: 'Delete group' }).click();
    await expect(page.getByText('The group is deleted').first()).toBeAttached();
    expect((await page.request.get(path)).status()).toBe(404);
  });
});

test('what a group holds is shown, and taken away after a question', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/admin/groups?q=reviewers');
  await page.getByRole('link', { name: 'Demo Reviewers' }).click();
  await expect(rows(page, 'Members of Demo Reviewers')).toHaveCount(2);
  await page.getByRole('link', { name: 'Remove Applications: Viewer' }).click();
  await expect(page.getByText('Its 2 members lose it at once')).toBeVisible();
  await axe();
});
