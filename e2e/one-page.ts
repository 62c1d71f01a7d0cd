import type { BrowserContext } from '@playwright/test';
import { axeCore, test as base } from './fixtures';

declare global {
  interface Window {
    /** Brings axe to the page: present where tests share one. */
    loadAxe?: () => void;
  }
}

/**
 * A test whose page was that of the worker's tests before it, signed out and as large and light as the project says:
 * a browser takes longer to make a page than to show another one in it.
 */
export const test = base.extend<object, { shared: { context?: BrowserContext } }>({
  shared: [
    async ({}, use) => {
      const shared: { context?: BrowserContext } = {};
      await use(shared);
      await shared.context?.close();
    },
    { scope: 'worker' },
  ],

  judged: true,

  context: async ({ browser, shared }, use) => {
    if (!shared.context) {
      shared.context = await browser.newContext();
      // In a function, which the browser skips until it is called.
      await shared.context.addInitScript(`window.loadAxe = () => {${axeCore}}`);
      await shared.context.newPage();
    }
    await shared.context.clearCookies();
    await use(shared.context);
  },

  page: async ({ context, colorScheme, viewport }, use) => {
    const [page] = context.pages();
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport!);
    await use(page);
  },
});
