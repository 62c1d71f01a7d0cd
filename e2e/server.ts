import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where global-setup.ts puts the program under test. */
export const binary = join(import.meta.dirname, '.bin', 'clientele');

/** A running `clientele serve` on a port and a database of its own. */
export class Server {
  /** Its issuer, `http://localhost:PORT`, without a slash at the end. */
  readonly url: string;
  /** What it has printed so far. */
  stdout = '';
  /** What it has logged so far. */
  stderr = '';
  readonly #process: ChildProcess;
  readonly #dir: string;

  private constructor(port: number, dir: string, args: string[]) {
    this.url = `http://localhost:${port}`;
    this.#dir = dir;
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('CLIENTELE_'));
    this.#process = spawn(
      binary,
      ['serve', ...args, '--addr', `127.0.0.1:${port}`, '--database', join(dir, 'clientele.db')],
      { stdio: ['ignore', 'pipe', 'pipe'], env: Object.fromEntries(environment) },
    );
    this.#process.stdout!.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.#process.stderr!.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    const kill = () => this.#process.kill('SIGKILL');
    process.once('exit', kill);
    this.#process.once('exit', () => process.off('exit', kill));
  }

  /** Starts a server on an empty database and returns it when it is ready. Fails when it is not within 30 seconds. */
  static async start(...args: string[]): Promise<Server> {
    const server = new Server(await freePort(), await mkdtemp(join(tmpdir(), 'clientele-e2e-')), args);
    await server.#until('ready', async () => (await fetch(`${server.url}/readyz`)).ok || undefined);
    return server;
  }

  /** Returns every match of the pattern in what the server prints, as soon as there is one. */
  async printed(pattern: RegExp): Promise<RegExpExecArray[]> {
    return this.#until(`printing ${pattern}`, () => {
      const matches = [...this.stdout.matchAll(pattern)];
      return matches.length > 0 ? matches : undefined;
    });
  }

  /** Asks the server to stop and removes its database. Fails when it does not leave in good order within 15 seconds. */
  async stop(): Promise<void> {
    if (this.#running) {
      const exit = once(this.#process, 'exit', { signal: AbortSignal.timeout(15_000) });
      this.#process.kill('SIGTERM');
      await exit.catch(() => this.#process.kill('SIGKILL'));
    }
    await rm(this.#dir, { recursive: true, force: true });
    if (this.#process.exitCode !== 0) throw new Error(this.#told('did not stop in good order'));
  }

  get #running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async #until<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline && this.#running; await sleep(50)) {
      const found = await Promise.resolve().then(probe).catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw new Error(this.#told(this.#running ? `is not ${what} after 30 seconds` : `ended before ${what}`));
  }

  #told(what: string): string {
    return `clientele ${what}\n${this.stdout}${this.stderr}`;
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  await new Promise((closed) => listener.close(closed));
  return port;
}
