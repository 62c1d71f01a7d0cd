import { getToken, register, rows } from './console';
import { expect, test } from './fixtures';

test('an application is edited', async ({ page, signIn, axe }) => {
  await signIn();
  const { path } = await register(page, 'Edited', { scopes: ['studio.packages:read'] });
  await page.goto(path);
  await axe();
  await page.getByRole('link', { name: 'Edit', exact: true }).click();

  await test.step('wrong fields are named, and what was typed stays', async () => {
    await page.getByLabel('Name').fill('Ledger Sync');
    await page.getByLabel('Description').fill('Was edited.');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByRole('alert')).toContainText('Another application has this name');
    await expect(page.getByLabel('Description')).toHaveValue('Was edited.');
    await axe();
  });

  await page.getByLabel('Name').fill('Edited Twice');
  await page.getByRole('radio', { name: 'Client secret post' }).check();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edited Twice' })).toBeVisible();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('Was edited.');
  await expect(details).toContainText('Client secret post');

  await test.step('the activity tells it', async () => {
    await rows(page, 'What was done to it').first().getByRole('link', { name: 'Edit an application' }).click();
    await expect(page.getByRole('table', { name: 'What changed' })).toContainText('Edited Twice');
    await page.getByRole('link', { name: 'All events about' }).click();
    await expect(rows(page, 'Events, newest first')).toHaveCount(2);
  });
});

test('what someone else changed meanwhile is shown, not undone', async ({ page, signIn, axe }) => {
  await signIn();
  const { path } = await register(page, 'Edited Meanwhile', { scopes: ['studio.packages:read'] });
  await page.goto(`${path}/edit`);
  const other = await page.context().newPage();
  await other.goto(`${path}/edit`);
  await other.getByLabel('Description').fill('Theirs.');
  await other.getByRole('button', { name: 'Save changes' }).click();
  await expect(other.getByRole('heading', { level: 1, name: 'Edited Meanwhile' })).toBeVisible();
  await other.close();

  await page.getByLabel('Description').fill('Mine.');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('alert')).toContainText('Theirs.');
  await expect(page.getByLabel('Description')).toHaveValue('Mine.');
  await axe();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('region', { name: 'Details' })).toContainText('Mine.');
});

test('a change of scopes is reviewed before it is made', async ({ page, demo, signIn, axe }) => {
  await signIn();
  const { id, secret, path } = await register(page, 'Rescoped', { scopes: ['audit.log:read', 'studio.packages:read'] });
  await page.goto(path);
  await page.getByRole('link', { name: 'Edit scopes' }).click();
  await page.getByRole('checkbox', { name: 'audit.log:read' }).uncheck();
  await page.getByRole('checkbox', { name: 'studio.tasks:read' }).check();
  await page.getByRole('button', { name: 'Review changes' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Review changes' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Will be added' }).getByRole('listitem')).toContainText('studio.tasks:read');
  await expect(page.getByRole('region', { name: 'Will be removed' }).getByRole('listitem')).toContainText('audit.log:read');
  await axe();
  expect(await getToken(demo.url, id, secret)).toMatchObject({ scope: 'audit.log:read studio.packages:read' });

  await test.step('back keeps the ticks', async () => {
    await page.getByRole('link', { name: 'Back' }).click();
    await expect(page.getByRole('checkbox', { name: 'audit.log:read' })).not.toBeChecked();
    await expect(page.getByRole('checkbox', { name: 'studio.tasks:read' })).toBeChecked();
    await page.getByRole('button', { name: 'Review changes' }).click();
  });

  await page.getByRole('button', { name: 'Save scopes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Rescoped' })).toBeVisible();
  expect(await getToken(demo.url, id, secret)).toMatchObject({ scope: 'studio.packages:read studio.tasks:read' });

  await test.step('without a scope nothing is changed', async () => {
    await page.goto(`${path}/scopes`);
    for (const scope of ['studio.packages:read', 'studio.tasks:read']) await page.getByRole('checkbox', { name: scope }).uncheck();
    await page.getByRole('button', { name: 'Review changes' }).click();
    await expect(page.getByRole('alert')).toContainText('The scopes were not changed');
    await axe();
  });
});

test('permissions are given and taken', async ({ page, signIn, axe }) => {
  await signIn();
  const { path } = await register(page, 'Permitted', { scopes: ['integration.data-pools:read'] });
  await page.goto(path);
  await expect(page.getByText('It holds no permissions')).toBeVisible();
  await expect(page.getByText('No permission', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Assign permissions' }).last().click();
  const service = page.getByRole('region', { name: 'Data Integration' });

  await test.step('a template', async () => {
    await service.getByRole('button', { name: 'Assign Viewer of Data Integration' }).click();
    await expect(service.getByRole('button', { name: 'Remove Viewer of Data Integration' })).toBeVisible();
    await expect(service.getByText('Through Viewer')).toBeVisible();
    await expect(service.getByText('In effect')).toBeVisible();
    await axe();
  });

  await test.step('a permission, which says what it needs', async () => {
    await service.getByRole('button', { name: 'Assign Edit all pools of Data Integration' }).click();
    await expect(service.getByText('Does nothing without View all pools')).toBeVisible();
    await service.getByRole('button', { name: 'Remove Edit all pools of Data Integration' }).click();
    await expect(service.getByRole('button', { name: 'Assign Edit all pools of Data Integration' })).toBeVisible();
  });

  await test.step('on one object', async () => {
    await service.getByText('Assign on one container or object').click();
    await service.getByLabel('What').selectOption({ label: 'View all pools' });
    await service.getByLabel('On', { exact: true }).selectOption({ index: 1 });
    await service.getByRole('button', { name: 'Assign on one container or object of Data Integration' }).click();
    await expect(service.getByRole('button', { name: /^Remove View all pools on/ })).toBeVisible();
    await axe();
  });

  await page.goto(path);
  await expect(page.getByText('It holds no permissions')).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Access' })).toContainText('Viewer');
  await expect(page.getByText('In effect')).toBeVisible();
});
