import { apply, download, go, rows } from './console';
import { expect, test } from './fixtures';

test('an administrator finds out who changed what', async ({ page, signIn, axe }) => {
  await signIn();
  await page.goto('/');
  await go(page, 'Audit log');
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible();
  const events = rows(page, 'Events, newest first');
  const status = page.getByRole('status').filter({ hasText: 'event' });

  await test.step('pages', async () => {
    await expect(events).toHaveCount(50);
    const first = await events.first().getByRole('link').first().getAttribute('href');
    await page.getByRole('link', { name: 'Next' }).click();
    await expect(page).toHaveURL(/before=/);
    await expect(events.first().getByRole('link').first()).not.toHaveAttribute('href', first!);
    await page.getByRole('link', { name: 'First' }).click();
    await expect(events.first().getByRole('link').first()).toHaveAttribute('href', first!);
  });

  await test.step('who, what, which and when', async () => {
    await page.getByRole('searchbox', { name: 'Who' }).fill('demo admin');
    await page.getByRole('combobox', { name: 'What' }).selectOption({ label: 'Applications: Register an application' });
    await page.getByLabel('Application: part of its name, or the client ID').fill('Ledger');
    await page.getByLabel('From (UTC)').fill('2020-01-01');
    await apply(page);
    await expect(status).toHaveText('1 event');
    await expect(events).toHaveCount(1);
    await expect(page).toHaveURL(/target=Ledger/);
    await axe();
  });

  await test.step('the files hold what the filters leave', async () => {
    await page.getByRole('button', { name: 'Download' }).click();
    const csv = await download(page, page.getByRole('link', { name: 'CSV' }));
    expect(csv.name).toMatch(/\.csv$/);
    expect(csv.text.trim().split('\n')).toHaveLength(2);
    expect(csv.text).toContain('Ledger Sync');

    const lines = page.getByRole('link', { name: 'JSON Lines' });
    if (!(await lines.isVisible())) await page.getByRole('button', { name: 'Download' }).click();
    const jsonl = await download(page, lines);
    expect(jsonl.name).toMatch(/\.jsonl$/);
    const [event, ...more] = jsonl.text.trim().split('\n').map((line) => JSON.parse(line));
    expect(more).toEqual([]);
    expect(event).toMatchObject({ action: 'application.create', target: { name: 'Ledger Sync' } });
  });

  await test.step('one event, and back with the way it was found', async () => {
    await events.getByRole('link', { name: 'Register an application' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Register an application' })).toBeVisible();
    await expect(page.getByText('cl_').first()).toBeVisible();
    await axe();
    await page.goBack();
    await expect(status).toHaveText('1 event');
  });

  await test.step('filters that nothing matches are cleared', async () => {
    await page.getByRole('searchbox', { name: 'Who' }).fill('nobody of that name');
    await apply(page);
    await expect(page.getByRole('heading', { name: 'No events match' })).toBeVisible();
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await expect(events).toHaveCount(50);
  });
});

test('an event that changed something shows it before and after', async ({ page, signIn }) => {
  await signIn();
  await page.goto('/admin/audit-log?action=application.disable&outcome=done');
  await rows(page, 'Events, newest first').first().getByRole('link', { name: 'Disable an application' }).click();
  const changes = page.getByRole('table', { name: 'What changed' });
  await expect(changes.getByRole('columnheader')).toHaveText(['Property', 'Before', 'After']);
  await expect(changes.getByRole('deletion')).toBeVisible();
  await expect(changes.getByRole('insertion')).toBeVisible();
  await page.getByText('Raw JSON').click();
  await expect(page.getByRole('region', { name: 'Before' })).toContainText('{');
});

test('a day that is none is named, and the rest of the filters stays', async ({ page, signIn, axe }) => {
  await signIn();
  const answer = await page.goto('/admin/audit-log?actor=admin&from=yesterday');
  expect(answer?.status()).toBe(422);
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Who' })).toHaveValue('admin');
  await axe();
});
