import { go, rows } from './console';
import { expect, test } from './fixtures';

test('an application key is made, used, and moved to an OAuth client', async ({ page, demo, signIn, axe }) => {
  const name = `Old Job ${Math.random().toString(36).slice(2, 8)}`;
  await signIn();
  await page.goto('/');
  await go(page, 'Applications');
  await page.getByRole('button', { name: 'Add new application' }).click();
  await page.getByRole('link', { name: /^Application key/ }).click();
  await expect(page.getByText('Application keys are discouraged')).toBeVisible();
  await axe();

  await page.getByRole('textbox', { name: 'Description' }).fill('Until spring');
  await page.getByRole('textbox', { name: 'Name' }).fill('Factory Terminal');
  await page.getByRole('radio', { name: 'In 90 days' }).check();
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('alert')).toContainText('Another application has this name already');
  await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Until spring');
  await axe();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `${name} is ready` })).toBeVisible();
  await axe();
  const key = await page.getByLabel('Application key', { exact: true }).inputValue();
  const call = async (path: string) => {
    const answer = await fetch(demo.url + path, { headers: { Authorization: `AppKey ${key}` } });
    return answer.status;
  };
  expect(await call('/api/v1/me')).toBe(200);
  expect(await call('/api/v1/applications')).toBe(403);

  await page.getByRole('link', { name: 'View application' }).click();
  const path = new URL(page.url()).pathname;
  await axe();
  await page.request.post(`${path}/permissions`, { form: { service: 'applications', grant: 'template:viewer' } });
  expect(await call('/api/v1/applications')).toBe(200);

  await page.goto(path);
  await page.getByRole('link', { name: 'Move to an OAuth client' }).click();
  await expect(page.getByRole('checkbox', { name: /applications:read/ })).toBeChecked();
  await axe();
  await page.getByRole('textbox', { name: 'Name' }).fill(`${name} next`);
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `${name} next is ready` })).toBeVisible();
  expect(await call('/api/v1/applications')).toBe(200);
  await page.getByRole('link', { name: 'View application' }).click();
  await expect(page.getByText('It takes over from an application key')).toBeVisible();
  await axe();
  await page.getByRole('link', { name, exact: true }).click();
  await expect(page.getByText('It moves to an OAuth client')).toBeVisible();
  await axe();

  await page.getByRole('button', { name: /^Actions for key / }).click();
  await page.getByRole('link', { name: 'End…', exact: true }).click();
  await page.getByRole('button', { name: 'End key' }).click();
  await expect(rows(page, 'Keys, newest first')).toContainText('Ended');
  expect(await call('/api/v1/me')).toBe(401);
});

test('the list tells keys from clients', async ({ page, signIn }) => {
  await signIn();
  await page.goto('/admin/applications?type=application_key&q=factory');
  await expect(rows(page, 'Applications')).toHaveCount(1);
});
