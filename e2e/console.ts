import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';

/** Goes to a page by the sidebar, which phones keep behind a button. */
export async function go(page: Page, label: string): Promise<void> {
  const drawer = page.getByRole('button', { name: 'Open menu' });
  if (await drawer.isVisible()) await drawer.click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: label, exact: true }).click();
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
