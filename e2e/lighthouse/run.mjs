// Measures the console's main pages with Lighthouse, signed in to the demo, as a phone and as a desktop:
//
//	node run.mjs BINARY [DOCUMENT]
//
// It prints a table, and writes it into the document between the lines <!-- lighthouse:begin --> and <!-- lighthouse:end -->.
// It fails when a score is below 100.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lighthouse, { desktopConfig } from 'lighthouse';

const bar = 100;
/** How often a page is tried: the best counts, because what else the machine does only ever takes points off. */
const tries = 3;
const categories = ['performance', 'accessibility', 'best-practices', 'seo'];
const screens = { phone: undefined, desktop: desktopConfig };
// On two cores Chromium's own processes and Lighthouse keep the page's waiting, which counts as the page's work: few of
// them, and a priority that root may give.
const chromium = [
  'nice', '-n', '-15', '/usr/bin/chromium-headless-shell', '--in-process-gpu', '--renderer-process-limit=1', '--disable-site-isolation-trials', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const [binary, document] = process.argv.slice(2);
const dir = await mkdtemp(join(tmpdir(), 'clientele-lighthouse-'));
const running = [];
process.once('exit', () => running.forEach((program) => signalAll(program, 'SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
try {
  const { url, cookie } = await demo();
  const port = await freePort();
  start(...chromium, `--remote-debugging-port=${port}`, `--user-data-dir=${join(dir, 'profile')}`, 'about:blank');
  await until('Chromium', async () => (await fetch(`http://127.0.0.1:${port}/json/version`)).ok);

  const list = await (await fetch(`${url}/admin/applications`, { headers: { cookie } })).text();
  const [application] = list.match(/\/admin\/applications\/cl_\w+/);
  const pages = {
    'Sign in': '/login',
    Applications: '/admin/applications',
    'An application': application,
    'Edit an application': `${application}/edit`,
    'Its permissions': `${application}/permissions`,
    'New OAuth client': '/admin/applications/new/oauth-client',
    Scopes: '/admin/scopes',
    'Audit log': '/admin/audit-log',
  };
  const rows = [];
  let below = 0;
  for (const [name, path] of Object.entries(pages)) {
    const scores = [];
    for (const config of Object.values(screens)) {
      const headers = path === '/login' ? {} : { cookie };
      scores.push(await measure(url + path, { port, onlyCategories: categories, extraHeaders: headers, logLevel: 'error' }, config));
    }
    below += scores.flat().filter((score) => score < bar).length;
    rows.push(`| ${name} | ${scores.flat().join(' | ')} |`);
    console.log(rows.at(-1));
  }
  if (document) await write(document, await table(rows));
  if (below > 0) throw new Error(`${below} scores are below ${bar}`);
} finally {
  for (const program of running.reverse()) await stop(program);
  await rm(dir, { recursive: true, force: true });
}

/** Returns the best of a page's scores in several tries, in each category. */
async function measure(address, flags, config) {
  let best = categories.map(() => 0);
  for (let i = 0; i < tries && best.some((score) => score < bar); i++) {
    const { lhr } = await lighthouse(address, flags, config);
    if (lhr.runtimeError) throw new Error(`${address}: ${lhr.runtimeError.message}`);
    if (lhr.finalDisplayedUrl !== address) throw new Error(`${address} led to ${lhr.finalDisplayedUrl}`);
    best = categories.map((id, n) => Math.max(best[n], Math.round(lhr.categories[id].score * 100)));
    for (const id of categories) {
      for (const { id: audit, weight } of lhr.categories[id].auditRefs) {
        const { score, title } = lhr.audits[audit];
        if (weight > 0 && score !== null && score < 0.9) console.error(`${address}: ${id}: ${title}: ${score}`);
      }
    }
  }
  return best;
}

async function table(rows) {
  const { version } = JSON.parse(await readFile(new URL('node_modules/lighthouse/package.json', import.meta.url)));
  const screen = Object.keys(screens).flatMap((name) => [`${name}: performance`, 'accessibility', 'best practices', 'SEO']);
  return [
    '## Pages', '',
    'The main pages as Lighthouse sees them in Chromium, signed in to the demo, on a phone over a slow line and on a desktop.', '',
    `Made by \`./task bench:lighthouse\` with Lighthouse ${version}, the best of at most ${tries} tries; the bar is ${bar}.`, '',
    `| page | ${screen.join(' | ')} |`, `|---|${screen.map(() => '---:|').join('')}`, ...rows,
  ].join('\n');
}

/** Replaces what stands between the markers of a document. */
async function write(path, text) {
  const before = await readFile(path, 'utf8');
  const after = before.replace(/(<!-- lighthouse:begin -->\n)[^]*(<!-- lighthouse:end -->)/, (_, begin, end) => `${begin}\n${text}\n\n${end}`);
  if (!after.includes(text)) throw new Error(`${path} lacks the lines <!-- lighthouse:begin --> and <!-- lighthouse:end -->`);
  await writeFile(path, after);
}

/** Serves the demo team, and signs in as its administrator. */
async function demo() {
  const url = `http://localhost:${await freePort()}`;
  const server = start(binary, 'serve', '--demo', '--addr', url.replace('http://localhost', '127.0.0.1'), '--database', join(dir, 'demo.db'));
  let said = '';
  server.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  await until('the server', async () => (await fetch(`${url}/readyz`)).ok);
  const [, email, password] = said.match(/^ {2}(\S+@\S+) +(\S+)/m);
  const answer = await fetch(`${url}/login`, { method: 'POST', body: new URLSearchParams({ email, password }), redirect: 'manual' });
  if (answer.status !== 303) throw new Error(`the sign-in was answered with ${answer.status}`);
  return { url, cookie: answer.headers.getSetCookie().map((set) => set.split(';')[0]).join('; ') };
}

function start(command, ...args) {
  const program = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  running.push(program);
  return program;
}

async function stop(program) {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const close = once(program, 'close', { signal: AbortSignal.timeout(15_000) });
  signalAll(program, 'SIGTERM');
  await close.catch(() => signalAll(program, 'SIGKILL'));
}

/** Sends a signal to a program and all that it started: Debian's Chromium is a script that starts the browser. */
function signalAll(program, signal) {
  try {
    process.kill(-program.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // they are gone
  }
}

async function until(what, probe) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(100)) {
    if (await probe().catch(() => false)) return;
  }
  throw new Error(`${what} does not answer after 30 seconds`);
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  await new Promise((closed) => listener.close(closed));
  return port;
}
