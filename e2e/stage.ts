import type { BrowserContext, Locator, Page } from '@playwright/test';
import { setUp } from './console';
import type { Fresh } from './fixtures';

/** What it takes to bring a page into a state. */
export type Stage = {
  page: Page;
  context: BrowserContext;
  signIn: (role?: string) => Promise<unknown>;
  /** Starts a server that nobody has set up, maybe with flags. */
  fresh: (...flags: string[]) => Promise<Fresh>;
};

/** A page in one of its states, under the name of its picture. */
export type State = { name: string; show: (stage: Stage) => Promise<unknown> };

/** A page that the demo's administrator, or someone with another role, finds at an address. */
export const at = (name: string, address: string, role?: string): State =>
  seen(name, ({ page }) => page.goto(address), role);

/** A page in a state that the demo's administrator, or someone with another role, brings about. */
export const seen = (name: string, show: (stage: Stage) => Promise<unknown>, role?: string): State => ({
  name,
  show: async (stage) => {
    await stage.signIn(role);
    await show(stage);
  },
});

/** A page of a server of its own, with flags, whose first administrator is signed in. */
export const alone = (name: string, show: (page: Page, url: string) => Promise<unknown>, ...flags: string[]): State => ({
  name,
  show: async ({ page, fresh }) => {
    const server = await fresh(...flags);
    await setUp(page, server);
    await show(page, server.url);
  },
});

/** A mail server that does not answer. */
export const noMailServer = '--smtp-url=smtp://127.0.0.1:9?from=clientele@demo.example';

/** A page of an application of the demo. */
export const of = (name: string, application: string, subpage = '', then?: (page: Page) => Promise<unknown>): State =>
  seen(name, async ({ page }) => {
    await page.goto((await find(page, application)) + subpage);
    await then?.(page);
  });

/** Returns the address of an application of the demo, or of a user or a group. */
export async function find(page: Page, name: string, list = 'applications'): Promise<string> {
  const found = await page.request.get(`/admin/${list}`, { params: { q: name } });
  const [path] = (await found.text()).match(new RegExp(`/admin/${list}/[a-z]{2}_\\w+`)) ?? [];
  if (!path) throw new Error(`no ${name} among the ${list}`);
  return path;
}

/** The button with exactly this name. */
export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });
