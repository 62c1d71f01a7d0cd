import type { Page } from '@playwright/test';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from './fixtures';

const wizard = '/admin/applications/new/oauth-client';

/** Returns what the handover shows under a tab. */
async function shown(page: Page, tab: string, file: string): Promise<string> {
  await page.getByText(tab, { exact: true }).waitFor();
  const text = page.getByRole('region', { name: file });
  if (!(await text.isVisible())) await page.getByText(tab, { exact: true }).click();
  return text.innerText();
}

/** A program under way: what it printed, and its standard input. */
class Program {
  printed = '';
  readonly #run;

  constructor(command: string, args: string[], cwd = import.meta.dirname) {
    this.#run = spawn(command, args, { cwd });
    for (const stream of [this.#run.stdout, this.#run.stderr]) stream.on('data', (text) => { this.printed += text; });
  }

  async prints(what: RegExp): Promise<void> {
    await expect.poll(() => this.printed, { timeout: 90_000 }).toMatch(what); // Go compiles it first
  }

  paste(line: string): void {
    this.#run.stdin.end(`${line}\n`);
  }
}

/** How to run what is pasted: Go takes a file, and libraries from the module of the foreign clients. */
const runners: Record<string, (text: string, file: string) => Promise<Program>> = {
  Go: async (text, file) => {
    await writeFile(file, text);
    return new Program('go', ['run', file], join(import.meta.dirname, 'interop'));
  },
  Python: async (text) => new Program('/usr/bin/python3', ['-c', text]), // Debian's, which has Authlib
  JavaScript: async (text) => new Program('node', ['--input-type=module', '--eval', text]),
  curl: async (text) => new Program('sh', ['-c', text]),
  '.env': async (text) => new Program('sh', ['-c', `${text}
    curl "$OAUTH_TOKEN_URL" --user "$OAUTH_CLIENT_ID:$OAUTH_CLIENT_SECRET" -d grant_type=client_credentials --data-urlencode "scope=$OAUTH_SCOPE"`]),
};

for (const method of ['Client secret basic', 'Client secret post']) {
  test(`what is handed over gets a token as it is pasted: ${method}`, async ({ page, signIn }, testInfo) => {
    test.slow();
    await signIn();
    await page.goto(wizard);
    await page.getByLabel('Name').fill(`Pasted ${method} ${testInfo.project.name}`);
    await page.getByRole('radio', { name: method }).check();
    await page.getByRole('button', { name: 'Define scopes' }).click();
    for (const scope of ['applications:read', 'audit.log:read']) await page.getByRole('checkbox', { name: scope }).check();
    await page.getByRole('button', { name: 'Create', exact: true }).click();

    const files = { curl: 'curl command', '.env': '.env file', Go: 'main.go', Python: 'get_token.py', JavaScript: 'get_token.mjs' };
    for (const [tab, file] of Object.entries(files)) {
      if (tab === '.env' && method !== 'Client secret basic') continue; // it is read by the integrator's own program
      await test.step(tab, async () => {
        const program = await runners[tab](await shown(page, tab, file), testInfo.outputPath('main.go'));
        await program.prints(/\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/);
      });
    }
  });
}

for (const method of ['Client secret basic', 'Client secret post', 'None, public client']) {
  test(`what is handed over signs a user in as it is pasted: ${method}`, async ({ page, signIn }, testInfo) => {
    test.slow();
    await signIn();
    await page.goto(wizard);
    await page.getByLabel('Name').fill(`Pasted sign-in ${method} ${testInfo.project.name}`);
    await page.getByRole('radio', { name: /^Authorization code/ }).check();
    await page.getByRole('radio', { name: new RegExp(`^${method}`) }).check();
    await page.getByLabel('Redirect URIs').fill('http://127.0.0.1/cb');
    await page.getByRole('button', { name: 'Define scopes' }).click();
    for (const scope of ['openid', 'email']) await page.locator(`[name=scope][value="${scope}"]`).check();
    await page.getByRole('button', { name: 'Create', exact: true }).click();

    const programs: [tab: string, text: string][] = [];
    for (const [tab, file] of [['JavaScript', 'sign_in.mjs'], ['Go', 'main.go'], ['Python', 'sign_in.py']]) programs.push([tab, await shown(page, tab, file)]);
    for (const [i, [tab, text]] of programs.entries()) {
      await test.step(tab, async () => {
        const program = await runners[tab](text, testInfo.outputPath('main.go'));
        await program.prints(/Open \S+\s[^]*Paste the address/);
        const back = page.waitForRequest('http://127.0.0.1/cb?*'); // which nothing answers: its address is what one pastes
        const asked = page.goto(/Open (\S+)/.exec(program.printed)![1]);
        if (i === 0) {
          await asked;
          await page.getByRole('button', { name: 'Allow', exact: true }).click();
        } else {
          await expect(asked).rejects.toThrow('ERR_CONNECTION_REFUSED'); // allowed already, it leads there at once
        }
        program.paste((await back).url());
        await program.prints(/signed in: us_\w+\s+eyJ/);
      });
    }
  });
}
