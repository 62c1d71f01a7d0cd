import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';

/** What the token endpoint answered. */
type Tokens = { access_token: string; refresh_token?: string; id_token: string; scope: string; error?: string };

/**
 * An application that users allow to act for them, on a port of its own. Its pages say how it went, as JSON: `/` asks
 * for consent and comes back at `/cb`, which leads on to `/home`; `/refresh` gets new tokens; `/me` calls userinfo.
 */
export class RelyingParty {
  readonly url: string;
  id = '';
  #secret = '';
  #tokens?: Tokens;
  #pending = new Map<string, string>();
  readonly #server: Server;
  readonly #issuer: string;

  private constructor(server: Server, issuer: string) {
    this.#server = server;
    this.#issuer = issuer;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => {
      this.#answer(new URL(request.url!, this.url), response).catch((failed) => response.writeHead(500).end(String(failed)));
    });
  }

  /** Starts one and registers it for the viewer, who is an administrator. */
  static async start(page: Page, issuer: string, name: string, { scope = 'openid profile email', trust = 'unverified' } = {}): Promise<RelyingParty> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const party = new RelyingParty(server, issuer);
    const details = new URLSearchParams({ name, auth_method: 'client_secret_basic', redirect_uris: `${party.url}/cb`, trust });
    for (const grant of ['authorization_code', 'refresh_token']) details.append('grant', grant);
    const post = (address: string, form: URLSearchParams) =>
      page.request.post(address, { data: form.toString(), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    const draft = await post('/admin/applications/new/oauth-client', details);
    const shown = await post(draft.url(), new URLSearchParams(scope.split(' ').map((one) => ['scope', one])));
    party.id = new URL(shown.url()).pathname.match(/^\/admin\/applications\/([^/]+)\/secret$/)?.[1] ?? '';
    party.#secret = (await shown.text()).match(/\bcs_\w+/)?.[0] ?? '';
    if (!party.id || !party.#secret) throw new Error(`${name} was not registered: ${shown.status()} ${shown.url()}`);
    return party;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  /** Opens one of its pages and returns what that says. */
  async says(page: Page, path: string): Promise<Record<string, unknown>> {
    await page.goto(this.url + path);
    return JSON.parse(await page.locator('pre').innerText());
  }

  async #answer(address: URL, response: ServerResponse): Promise<void> {
    const query = address.searchParams;
    switch (address.pathname) {
      case '/': {
        const verifier = randomBytes(32).toString('base64url');
        const state = randomBytes(8).toString('hex');
        this.#pending.set(state, verifier);
        const ask = new URLSearchParams({
          client_id: this.id, redirect_uri: `${this.url}/cb`, response_type: 'code', state, code_challenge_method: 'S256',
          code_challenge: createHash('sha256').update(verifier).digest('base64url'), ...Object.fromEntries(query),
        });
        return this.#lead(response, `${this.#issuer}/oauth2/authorize?${ask}`);
      }
      case '/cb': {
        const verifier = this.#pending.get(query.get('state') ?? '');
        if (query.get('iss') !== this.#issuer || !verifier) throw new Error(`forged: ${address}`);
        this.#pending.delete(query.get('state')!);
        const code = query.get('code');
        if (!code) return this.#show(response, Object.fromEntries(query));
        this.#tokens = await this.#token({ grant_type: 'authorization_code', code, redirect_uri: `${this.url}/cb`, code_verifier: verifier });
        return this.#lead(response, '/home');
      }
      case '/refresh': {
        const got = await this.#token({ grant_type: 'refresh_token', refresh_token: this.#tokens?.refresh_token ?? '' });
        if (!got.error) this.#tokens = got;
        return this.#show(response, { scope: got.scope, error: got.error });
      }
      case '/home':
        return this.#show(response, { scope: this.#tokens?.scope, ...JSON.parse(Buffer.from(this.#tokens!.id_token.split('.')[1], 'base64url').toString()) });
      case '/me': {
        const info = await fetch(`${this.#issuer}/oauth2/userinfo`, { headers: { Authorization: `Bearer ${this.#tokens?.access_token}` } });
        return this.#show(response, { status: info.status, ...(await info.json()) });
      }
      default:
        response.writeHead(404).end();
    }
  }

  async #token(form: Record<string, string>): Promise<Tokens> {
    const answer = await fetch(`${this.#issuer}/oauth2/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`${this.id}:${this.#secret}`).toString('base64')}` },
      body: new URLSearchParams(form),
    });
    return answer.json();
  }

  #lead(response: ServerResponse, to: string): void {
    response.writeHead(303, { Location: to }).end();
  }

  #show(response: ServerResponse, said: object): void {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(`<!DOCTYPE html><html lang="en"><title>Application</title><h1>Application</h1><pre>${JSON.stringify(said).replaceAll('<', '\\u003c')}</pre>`);
  }
}
