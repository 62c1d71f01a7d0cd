import {
  type BrowserContext, type ConsoleMessage, type Cookie, type Response, type TestInfo, type WebError,
  test as base, expect,
} from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Server } from './server';

export { expect };

export type User = { email: string; password: string; role: string };

/** A server with the demo team, and the sign-ins that it printed, administrator first. */
export type Demo = { server: Server; url: string; users: User[]; readonly stdout: string };

/** A server nobody has set up, and the one-time link that it printed. */
export type Fresh = { server: Server; url: string; setupLink: string };

type TestFixtures = {
  /** A fresh server, for this test alone. */
  fresh: Fresh;
  /** Starts one, for tests that need it only sometimes, or with flags. */
  startFresh: (...flags: string[]) => Promise<Fresh>;
  /**
   * Signs the browser in to the demo as its first user, or as the first with the role. The worker's tests share one
   * session a user, because sign-ins are throttled: a test that signs out signs in through the form.
   */
  signIn: (role?: string) => Promise<User>;
  /**
   * Whether axe judges the pages of this test. With script, pages.spec.ts shows it every page in every state, so that
   * walks show it none again unless ./task test:e2e:all runs them.
   */
  judged: boolean;
  /** Fails unless axe finds nothing on the page as it is now, by all its rules or by those named. */
  axe: (...rules: string[]) => Promise<void>;
  /** Saves a picture of the page as `shots/NAME-desktop-light.png`, or whatever the project shows. */
  shoot: (name: string) => Promise<void>;
  /**
   * What the pages complain of: blocked by the CSP, errors in the console and in scripts, answers of 500 and above,
   * missing styles and pictures. The test fails at its end unless this is empty; a test that provokes one removes it.
   */
  problems: string[];
};

type WorkerFixtures = {
  /** The demo server of this worker. Its tests share it, so each works on applications that it made itself. */
  demo: Demo;
  sessions: Map<string, Cookie[]>;
  /** The context of this worker, from its first test on. */
  shared: { context?: BrowserContext };
};

/** The script that brings axe to a page; the short form, which the browser reads twice as fast. */
const axeCore = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const test = base.extend<TestFixtures, WorkerFixtures>({
  demo: [
    async ({}, use) => {
      const server = await Server.start('--demo');
      const lines = await server.printed(/^ {2}(\S+@\S+) +(\S+) +(\S.*)$/gm);
      const users = lines.map(([, email, password, role]) => ({ email, password, role: role.trim() }));
      await use({ server, url: server.url, users, get stdout() { return server.stdout; } });
      await server.stop();
    },
    { scope: 'worker' },
  ],

  sessions: [async ({}, use) => use(new Map()), { scope: 'worker' }],

  shared: [
    async ({}, use) => {
      const shared: WorkerFixtures['shared'] = {};
      await use(shared);
      await shared.context?.close();
    },
    { scope: 'worker' },
  ],

  // A browser takes longer to make a page than to show another one in it. So a worker's tests share one, which each of
  // them finds empty, signed out and as large and light as the project says.
  context: async ({ browser, shared }, use) => {
    shared.context ??= await browser.newContext();
    await shared.context.clearCookies();
    await use(shared.context);
    await shared.context.clearPermissions();
  },

  page: async ({ context, colorScheme, viewport }, use) => {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport!);
    await use(page);
    for (const other of context.pages().slice(1)) await other.close();
    await page.goto('about:blank').catch(() => page.goto('about:blank')); // what a test left loading may come between
  },

  baseURL: async ({ demo }, use) => use(demo.url),

  startFresh: async ({ problems }, use, testInfo) => {
    const servers: Server[] = [];
    await use(async (...flags) => {
      const server = await Server.start(...flags);
      servers.push(server);
      const [[setupLink]] = await server.printed(/\S+\/setup\?code=\S+/g);
      return { server, url: server.url, setupLink };
    });
    for (const server of servers) {
      await attachLog(testInfo, problems, server.stderr);
      await server.stop();
    }
  },

  fresh: async ({ startFresh }, use) => use(await startFresh()),

  signIn: async ({ demo, sessions, context }, use) => {
    await use(async (role) => {
      const user = role ? demo.users.find((user) => user.role === role) : demo.users[0];
      if (!user) throw new Error(`no ${role} among the demo's users:\n${demo.stdout}`);
      const session = sessions.get(user.email);
      if (session) {
        await context.addCookies(session);
      } else {
        const { email, password } = user;
        const answer = await context.request.post('/login', { form: { email, password }, maxRedirects: 0 });
        expect(answer.status(), `sign-in of ${email}`).toBe(303);
        sessions.set(email, await context.cookies());
      }
      return user;
    });
  },

  judged: async ({ javaScriptEnabled }, use) => use(!javaScriptEnabled || process.env.AXE === 'everywhere'),

  axe: async ({ page, judged }, use) => {
    await use(async (...rules) => {
      if (!judged) return;
      if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeCore);
      const found = await page.evaluate(async (rules) => {
        // Axe waits between its 90 steps on timers, which browsers delay, and do not run with script off. Promises do.
        const later = window.setTimeout;
        const soon = (step: () => void, delay = 0) => (delay ? later(step, delay) : Promise.resolve().then(step));
        window.setTimeout = soon as typeof setTimeout;
        try {
          const runOnly = rules.length ? rules : undefined;
          const { violations } = await window.axe.run({ resultTypes: ['violations'], runOnly });
          return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target}`));
        } finally {
          window.setTimeout = later;
        }
      }, rules);
      expect(found, `axe on ${page.url()}`).toEqual([]);
    });
  },

  shoot: async ({ page }, use, { project }) => {
    const scene = project.name.replace(/^shots-/, '');
    await use(async (name) => {
      // The whole page, with what is sticky where it ends up; but a menu or dialog as it opens in the window.
      const fullPage = await page.evaluate(() => !document.querySelector(':modal, :popover-open'));
      if (fullPage) {
        const { width } = page.viewportSize()!;
        const height = await page.evaluate(() => document.scrollingElement!.scrollHeight);
        await page.setViewportSize({ width, height });
      }
      await page.screenshot({ path: join(import.meta.dirname, 'shots', `${name}-${scene}.png`), fullPage });
    });
  },

  problems: [
    async ({ context, demo }, use, testInfo) => {
      const problems: string[] = [];
      const logged = demo.server.stderr.length;
      const seen = {
        console: (message: ConsoleMessage) => {
          // The browser logs each answer of 400 and above too; a 404 or 422 page is no problem, and the rest is seen below.
          if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
          problems.push(`console: ${message.text()}`);
        },
        weberror: (thrown: WebError) => problems.push(`script: ${thrown.error()}`),
        response: (response: Response) => {
          const request = response.request();
          const least = ['document', 'fetch', 'xhr'].includes(request.resourceType()) ? 500 : 400;
          if (response.status() >= least) problems.push(`${response.status()}: ${request.method()} ${response.url()}`);
        },
      };
      context.on('console', seen.console).on('weberror', seen.weberror).on('response', seen.response);
      await use(problems);
      context.off('console', seen.console).off('weberror', seen.weberror).off('response', seen.response);
      await attachLog(testInfo, problems, demo.server.stderr.slice(logged));
      expect(problems, 'problems on the pages').toEqual([]);
    },
    { auto: true },
  ],
});

/** Adds what a server logged to the report of a test that fails. */
async function attachLog(testInfo: TestInfo, problems: string[], body: string): Promise<void> {
  if (body && testInfo.errors.length + problems.length > 0) {
    await testInfo.attach('server log', { body, contentType: 'text/plain' });
  }
}
