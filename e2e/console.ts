import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import type { Fresh } from './fixtures';

/** Goes to a page by the sidebar, which phones keep behind a button. */
export async function go(page: Page, label: string): Promise<void> {
  const drawer = page.getByRole('button', { name: 'Open menu' });
  if (await drawer.isVisible()) await drawer.click();
  await page.getByRole('complementary').getByRole('link', { name: label, exact: true }).click();
}

/** Opens the account menu; a phone has a page in its place. */
export async function openAccount(page: Page): Promise<void> {
  const banner = page.getByRole('banner');
  await banner.getByRole('button', { name: 'your account' }).or(banner.getByRole('link', { name: 'Edit Profile' })).filter({ visible: true }).click();
}

/** Applies a search and its filters: script does so as one types, and hides the button. */
export async function apply(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Apply' });
  if (await button.isVisible()) await button.click();
}

/** Returns the rows of a table, without its head. */
export function rows(page: Page, table: string | RegExp): Locator {
  return page.getByRole('table', { name: table }).locator('tbody').getByRole('row');
}

/** Clicks what starts a download and returns the file's name and text. */
export async function download(page: Page, link: Locator): Promise<{ name: string; text: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

/** Who sets fresh servers up. */
export const firstAdmin = { team: 'Test Works', name: 'Test Admin', email: 'admin@test.example', password: 'four words without meaning' };

/** Sets a fresh server up, as its form does it: the browser is signed in then. */
export async function setUp(page: Page, { url, setupLink }: Fresh): Promise<void> {
  await page.request.post(`${url}/setup`, { form: { ...firstAdmin, code: new URL(setupLink).searchParams.get('code')! } });
}

export type Client = { id: string; secret: string; path: string };

/** Registers an OAuth client for the viewer, as the wizard's forms do it, and takes its secret. */
export async function register(
  page: Page,
  name: string,
  { scopes = ['audit.log:read'], templates = {} as Record<string, string>, method = 'client_secret_basic', origin = '' } = {}, // of a server that is not the demo
): Promise<Client> {
  const details = { name, grant: 'client_credentials', auth_method: method };
  const draft = await page.request.post(`${origin}/admin/applications/new/oauth-client`, { form: details });
  const form = new FormData();
  for (const scope of scopes) form.append('scope', scope);
  for (const [service, template] of Object.entries(templates)) form.append(`template.${service}`, template);
  const shown = await page.request.post(draft.url(), { form });
  const [path, id] = new URL(shown.url()).pathname.match(/^\/admin\/applications\/([^/]+)(?=\/secret$)/) ?? [];
  const [secret] = (await shown.text()).match(/\bcs_\w+/) ?? [];
  if (!id || !secret) throw new Error(`${name} was not registered: ${shown.status()} ${shown.url()}`);
  return { id, secret, path };
}

/** Asks for a token as a program does, by client_secret_basic, and returns the answer with its status. */
export async function getToken(
  server: string,
  id: string,
  secret: string,
): Promise<{ status: number; access_token?: string; scope?: string; error?: string }> {
  const answer = await fetch(`${server}/oauth2/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return { status: answer.status, ...(await answer.json()) };
}

/** Opens an application's page from the list. */
export async function open(page: Page, name: string): Promise<void> {
  await page.goto(`/admin/applications?q=${encodeURIComponent(name)}`);
  await page.getByRole('rowheader', { name }).getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}
