import { register, getToken } from './console';
import { expect, test } from './fixtures';

test('a refusal is found by its request ID, and what was missing is added', async ({ page, demo, signIn, axe }, { project }) => {
  await signIn();
  const { id, secret, path } = await register(page, `Asks Why ${project.name}`);
  const { access_token } = await getToken(demo.url, id, secret);
  const call = () => fetch(`${demo.url}/api/v1/audit-log?limit=1`, { headers: { Authorization: `Bearer ${access_token}` } });
  const refused = await call();
  expect(refused.status).toBe(403);
  const { request_id } = await refused.json();

  await page.goto('/admin/permissions');
  await page.getByRole('link', { name: 'Why was this refused?' }).click();
  await page.getByRole('textbox', { name: 'Request ID' }).fill(request_id);
  await page.getByRole('button', { name: 'Find it' }).click();
  const answer = page.getByRole('status').filter({ hasText: 'Asks Why' });
  await expect(answer).toContainText('It is still refused');
  await expect(answer).toContainText('Use audit log API');
  await axe();

  await page.getByRole('link', { name: 'Assign Use audit log API' }).click();
  await page.getByRole('button', { name: 'Assign', exact: true }).click();
  await expect(page.getByText('The permissions are assigned').first()).toBeVisible();
  expect((await call()).status).toBe(200);
  await page.goto(`/admin/permissions/why?request=${request_id}`);
  await expect(answer).toContainText('It would be allowed now');

  await test.step('who, what and where may be chosen instead', async () => {
    await page.getByRole('textbox', { name: 'User, group or application' }).fill(id);
    await page.getByRole('combobox', { name: 'Permission' }).selectOption('Applications: Manage applications');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect(answer).toContainText('It is refused');
    await expect(answer).toContainText('View applications');
  });

  await test.step('its page shows all it may do, and where that comes from', async () => {
    await page.goto(`${path}/access`);
    const audit = page.getByRole('region', { name: 'Audit log' });
    await expect(audit).toContainText('Use audit log API');
    await expect(audit).toContainText('Given by itself');
    await axe();
  });

  await test.step('the service shows everyone who may', async () => {
    await page.goto('/admin/permissions/audit/access');
    await expect(page.getByRole('row').filter({ hasText: `Asks Why ${project.name}` })).toContainText('In effect');
    await axe();
  });
});
