import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { go, register, rows, setUp } from './console';
import { expect, test } from './fixtures';

type Message = { id: string; timestamp: string; signature: string; body: string };

/** Starts a program that is told of notices, and answers with a status that can be changed. */
async function receiver() {
  const got: Message[] = [];
  const told = { got, status: 204, url: '', close: () => server.close() };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const header = (name: string) => String(request.headers[name]);
    got.push({ id: header('webhook-id'), timestamp: header('webhook-timestamp'), signature: header('webhook-signature'), body: Buffer.concat(chunks).toString() });
    response.writeHead(told.status).end(told.status === 204 ? undefined : 'The disk is full');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  told.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
  return told;
}

/** Verifies a message after Standard Webhooks. */
function verify(m: Message, secret: string): void {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${m.id}.${m.timestamp}.${m.body}`).digest('base64');
  expect(m.signature.split(' ')).toContain(`v1,${signature}`);
}

/** Reloads until the newest delivery says what is expected of it. */
async function newest(page: Page, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.getByRole('link', { name: 'Reload' }).click();
    await expect(rows(page, 'Deliveries, newest first').first()).toContainText(text, { timeout: 500 });
  }).toPass();
}

/** Opens the menu of the webhook's page, or without script the page that it leads to. */
async function act(page: Page, label: string, subpage: string): Promise<void> {
  await page.goto(`${page.url().split('?')[0]}/${subpage}`);
  await page.getByRole('button', { name: label }).click();
}

test('a program is told, by messages that it can verify', async ({ page, startFresh, axe }) => {
  const fresh = await startFresh('--webhook-allow', '127.0.0.1');
  const told = await receiver();
  await setUp(page, fresh);
  await page.goto(`${fresh.url}/profile`);
  let secret = '';

  await test.step('a private address is refused, and nothing typed is lost', async () => {
    await go(page, 'Settings');
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Webhooks' }).click();
    await axe();
    await page.getByRole('link', { name: 'Add webhook' }).click();
    await page.getByLabel('URL').fill('https://10.1.2.3/in');
    await page.getByLabel('Description').fill('Alarms');
    await page.getByRole('checkbox', { name: 'Application created' }).check();
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await expect(page.getByRole('alert')).toContainText('10.1.2.3 is in a private network');
    await expect(page.getByLabel('Description')).toHaveValue('Alarms');
    await expect(page.getByRole('checkbox', { name: 'Application created' })).toBeChecked();
    await axe();
  });

  await test.step('the secret is shown once', async () => {
    await page.getByLabel('URL').fill(told.url);
    await page.getByRole('button', { name: 'Add webhook' }).click();
    secret = await page.getByLabel('Secret', { exact: true }).inputValue();
    expect(secret).toMatch(/^whsec_/);
    await axe();
    await page.reload();
    await expect(page.getByRole('heading', { name: 'That secret was already shown' })).toBeVisible();
    await page.getByRole('link', { name: 'View webhook' }).click();
  });

  await test.step('a test arrives, and what is refused can be sent again', async () => {
    told.status = 507;
    await page.getByRole('button', { name: 'Send a test' }).click();
    await newest(page, 'Retrying');
    await axe();
    told.status = 204;
    await page.getByRole('button', { name: 'Send again: Test' }).click();
    await newest(page, 'Delivered');
    expect(told.got.length).toBeGreaterThanOrEqual(2);
    expect(new Set(told.got.map((m) => m.id)).size).toBe(1);
    for (const m of told.got) verify(m, secret);
  });

  await test.step('it is told of an application', async () => {
    const webhook = page.url();
    await register(page, 'Ledger Sync', { origin: fresh.url });
    await page.goto(webhook);
    await newest(page, /Application created: Ledger Sync.*Delivered/s);
    const message = told.got.at(-1)!;
    verify(message, secret);
    expect(JSON.parse(message.body)).toMatchObject({ type: 'application.created', data: { title: 'Application created: Ledger Sync', target: { name: 'Ledger Sync' } } });
  });

  await test.step('a new secret signs beside the old one', async () => {
    const webhook = page.url().split('?')[0];
    await act(page, 'Make new secret', 'rotate');
    const next = await page.getByLabel('Secret', { exact: true }).inputValue();
    await page.goto(webhook);
    const before = told.got.length;
    await page.getByRole('button', { name: 'Send a test' }).click();
    await expect.poll(() => told.got.length).toBeGreaterThan(before);
    verify(told.got.at(-1)!, secret);
    verify(told.got.at(-1)!, next);
  });

  await test.step('it is turned off, on and deleted', async () => {
    await act(page, 'Turn off', 'disable');
    await expect(page.getByRole('main')).toContainText('Off');
    await act(page, 'Turn on', 'enable');
    await act(page, 'Delete webhook', 'delete');
    await expect(page.getByRole('heading', { name: 'There are no webhooks' })).toBeVisible();
  });
  told.close();
});

test('old events are deleted by typing DELETE', async ({ page, fresh, axe }) => {
  await setUp(page, fresh);
  await page.goto(`${fresh.url}/admin/settings/audit-log`);
  await axe();
  const keep = page.getByLabel('Keep events');
  await keep.selectOption('90 days');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('heading', { name: 'Keep events for 90 days only?' })).toBeVisible();
  await axe();
  await page.getByLabel('Type DELETE to confirm').fill('yes');
  await page.getByRole('button', { name: 'Delete older events' }).click();
  await expect(page.getByText('Type DELETE to have older events deleted.').first()).toBeVisible();
  await page.getByLabel('Type DELETE to confirm').fill('DELETE');
  await page.getByRole('button', { name: 'Delete older events' }).click();
  await expect(keep).toHaveValue('90');
  await keep.selectOption('10 years');
  // The page says already that something was saved.
  const saved = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await saved;
  await page.goto(`${fresh.url}/admin/settings/audit-log`);
  await expect(keep).toHaveValue('3650');
});
