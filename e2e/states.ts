import type { BrowserContext, Locator, Page } from '@playwright/test';
import { openAccount, register } from './console';
import type { Fresh } from './fixtures';

const wizard = '/admin/applications/new/oauth-client';

/** What it takes to bring a page into a state. */
export type Stage = {
  page: Page;
  context: BrowserContext;
  signIn: (role?: string) => Promise<unknown>;
  /** Starts a server that nobody has set up. */
  fresh: () => Promise<Fresh>;
};

/** A page in one of its states, under the name of its picture. */
export type State = { name: string; show: (stage: Stage) => Promise<unknown> };

/** A page that the demo's administrator, or someone with another role, finds at an address. */
const at = (name: string, address: string, role?: string): State =>
  seen(name, ({ page }) => page.goto(address), role);

/** A page in a state that the demo's administrator, or someone with another role, brings about. */
const seen = (name: string, show: (stage: Stage) => Promise<unknown>, role?: string): State => ({
  name,
  show: async (stage) => {
    await stage.signIn(role);
    await show(stage);
  },
});

/** A page of an application of the demo. */
const of = (name: string, application: string, subpage = '', then?: (page: Page) => Promise<unknown>): State =>
  seen(name, async ({ page }) => {
    await page.goto((await find(page, application)) + subpage);
    await then?.(page);
  });

/** The page of a webhook of the demo. */
async function webhook(page: Page, name: string): Promise<void> {
  await page.goto('/admin/settings/webhooks');
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** A question about an application, asked from its menu in the list: in a dialog, or on a page without script. */
const asked = (name: string, application: string, question: string, then?: (page: Page) => Promise<unknown>): State =>
  seen(name, async ({ page }) => {
    await page.goto(`/admin/applications?q=${encodeURIComponent(application)}`);
    await button(page, `Actions for ${application}`).click();
    await page.getByRole('link', { name: new RegExp(`^${question}`, 'i') }).click();
    await page.getByRole('button', { name: new RegExp(`^${question}`, 'i') }).waitFor();
    await then?.(page);
  });

/** Returns the address of an application of the demo. */
async function find(page: Page, application: string): Promise<string> {
  const found = await page.request.get('/admin/applications', { params: { q: application } });
  const [path] = (await found.text()).match(/\/admin\/applications\/cl_\w+/) ?? [];
  if (!path) throw new Error(`no ${application} in the list`);
  return path;
}

/** A page of a user of the demo. */
const ofUser = (name: string, user: string, subpage = ''): State =>
  seen(name, async ({ page }) => {
    const found = await page.request.get('/admin/users', { params: { q: user } });
    const [path] = (await found.text()).match(/\/admin\/users\/us_\w+/) ?? [];
    if (!path) throw new Error(`no ${user} in the list`);
    await page.goto(path + subpage);
  });

/** A page of a group of the demo. */
const ofGroup = (name: string, group: string, subpage = ''): State =>
  seen(name, async ({ page }) => {
    const found = await page.request.get('/admin/groups', { params: { q: group } });
    const [path] = (await found.text()).match(/\/admin\/groups\/gr_\w+/) ?? [];
    if (!path) throw new Error(`no ${group} in the list`);
    await page.goto(path + subpage);
  });

/** Invites somebody whom nobody else invites, and leaves the page at the link, which it returns. */
async function inviteAnyone(page: Page, name: string): Promise<string> {
  await page.goto('/admin/users/new');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail address').fill(`${Math.random().toString(36).slice(2)}@demo.example`);
  await button(page, 'Invite user').click();
  await page.getByRole('heading', { level: 1, name: `${name} is invited` }).waitFor();
  return page.getByRole('textbox', { name: 'Link' }).inputValue();
}

const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });

/** Fills the wizard's first step in, and leaves the page at the second. */
async function define(page: Page, name: string): Promise<void> {
  await page.goto(wizard);
  await page.getByLabel('Name').fill(name);
  await button(page, 'Define scopes').click();
  await page.getByRole('heading', { level: 1, name: 'Define scopes' }).waitFor();
}

/** Fills the wizard in for a client that acts for users, up to its scopes. */
async function defineForUsers(page: Page, name: string): Promise<void> {
  await page.goto(wizard);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('radio', { name: /^Authorization code/ }).check();
  await page.getByLabel('Redirect URIs').fill('https://portal.example/cb');
  await button(page, 'Define scopes').click();
  await page.getByRole('heading', { level: 1, name: 'Define scopes' }).waitFor();
  for (const scope of ['openid', 'email']) await page.locator(`[name=scope][value="${scope}"]`).check();
  await page.getByRole('checkbox', { name: 'Required: email' }).check();
}

/** Registers a client, and leaves the page at its secret. */
async function create(page: Page, name: string, scope: string): Promise<void> {
  await define(page, name);
  await page.getByRole('checkbox', { name: scope }).check();
  await button(page, 'Create').click();
  await page.getByRole('heading', { level: 1, name: `${name} is ready` }).waitFor();
}

/** Tries a client out by pasting a secret. */
async function tryOut(page: Page, path: string, secret: string): Promise<void> {
  await page.goto(`${path}/test`);
  await page.getByRole('textbox', { name: 'Client secret' }).fill(secret);
  await button(page, 'Test it now').click();
  await page.locator('.trial').waitFor();
}

/** Returns the address by which an application of the demo asks for a user's consent, answered before or not. */
async function request(page: Page, application: string, redirectURI: string, scope: string): Promise<string> {
  const id = (await find(page, application)).split('/').at(-1)!;
  return `/oauth2/authorize?${new URLSearchParams({
    client_id: id, redirect_uri: redirectURI, response_type: 'code', scope, prompt: 'consent',
    code_challenge: 'A'.repeat(43), code_challenge_method: 'S256',
  })}`;
}

/** The question that an application of the demo asks. */
const consent = (name: string, application: string, redirectURI: string, scope: string, then?: (page: Page) => Promise<unknown>): State =>
  seen(name, async ({ page }) => {
    await page.goto(await request(page, application, redirectURI, scope));
    await page.getByRole('heading', { level: 1, name: `${application} wants to act for you` }).waitFor();
    await then?.(page);
  });

/** Every page in every state. The names of applications that states make differ, because they share a server. */
export const states: State[] = [
  { name: 'login', show: ({ page }) => page.goto('/login') },
  {
    name: 'login-refused',
    show: async ({ page }) => {
      await page.goto('/login');
      await page.getByLabel('E-mail address').fill('nobody@demo.example');
      await page.getByRole('textbox', { name: 'Password' }).fill('not the password');
      await button(page, 'Sign in').click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'setup',
    show: async ({ page, fresh }) => page.goto((await fresh()).setupLink),
  },
  {
    name: 'setup-errors',
    show: async ({ page, fresh }) => {
      await page.goto((await fresh()).setupLink);
      await page.getByLabel('E-mail address').fill('no address');
      await button(page, 'Create team').click();
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'setup-without-code', show: async ({ page, fresh }) => page.goto(`${(await fresh()).url}/setup`) },
  { name: 'setup-done', show: ({ page }) => page.goto('/setup') },
  {
    name: 'list-empty',
    show: async ({ page, fresh }) => {
      const { url, setupLink } = await fresh();
      const code = new URL(setupLink).searchParams.get('code')!;
      const form = { code, team: 'Test Works', name: 'Test Admin', email: 'admin@test.example', password: 'four words without meaning' };
      await page.request.post(`${url}/setup`, { form });
      await page.goto(`${url}/admin/applications`);
      await page.getByRole('heading', { name: 'Register the first OAuth client' }).waitFor();
    },
  },
  at('list', '/admin/applications'),
  at('list-platform', '/admin/applications?origin=platform'),
  at('list-deleted', '/admin/applications?status=deleted'),
  at('list-unused', '/admin/applications?attention=unused&days=30'),
  seen('list-unused-ticked', async ({ page }) => {
    await page.goto('/admin/applications?attention=unused');
    for (const box of (await page.getByRole('checkbox', { name: /^Tick / }).all()).slice(0, 3)) await box.check();
  }),
  ...['Disable', 'Delete'].map((verb) =>
    seen(`list-${verb.toLowerCase()}-ticked`, async ({ page }) => {
      await page.goto('/admin/applications?attention=unused');
      for (const box of (await page.getByRole('checkbox', { name: /^Tick / }).all()).slice(0, 3)) await box.check();
      await button(page, `${verb} ticked…`).click();
      await page.getByRole('heading', { level: 1, name: new RegExp(`^${verb} \\d applications`) }).waitFor();
    })),
  seen('list-restore', async ({ page }) => {
    await page.goto('/admin/applications?status=deleted');
    await page.getByRole('button', { name: /^Actions for / }).first().click();
    await page.getByRole('link', { name: 'Restore…' }).filter({ visible: true }).click();
    await button(page, 'Restore application').waitFor();
  }),
  at('list-nothing-ticked', '/admin/applications/disable'),
  at('list-no-match', '/admin/applications?q=no+such+application&attention=unused'),
  at('list-no-such-page', '/admin/applications?after=nonsense'),
  at('list-viewer', '/admin/applications', 'sees applications'),
  seen('list-row-menu', async ({ page }) => {
    await page.goto('/admin/applications?sort=name');
    await button(page, 'Actions for Billing Reconciler').click();
  }),
  seen('list-new-menu', async ({ page }) => {
    await page.goto('/admin/applications');
    await button(page, 'Add new application').click();
  }),

  of('application', 'Ledger Sync'),
  of('application-never-used', 'Carbon Report'),
  of('application-without-permissions', 'Hackathon Team A'),
  of('application-disabled', 'Legacy Reporting'),
  of('application-rotating', 'Warehouse Scanner'),
  of('application-rotated', 'Supplier Portal'),
  of('application-secrets', 'Pool Monitor'),
  of('application-unused-scope', 'Delivery Watch'),
  of('application-key', 'Factory Terminal'),
  of('application-key-moves', 'Badge Printer'),
  of('application-key-moved', 'Visitor Badges'),
  of('application-key-migrate', 'Factory Terminal', '/migrate'),
  at('application-key-new', '/admin/applications/new/application-key'),
  of('application-owners', 'Pool Monitor', '/owners?q=demo'),
  seen(
    'application-owned',
    async ({ page }) => page.goto(await find(page, 'Network Agent Berlin')),
    'owns applications, and may do nothing else',
  ),
  at('applications-owned', '/admin/applications', 'owns applications, and may do nothing else'),
  of('application-networks', 'Pool Monitor', '/networks'),
  of('application-networks-errors', 'Ledger Sync', '/networks', async (page) => {
    await page.getByLabel('Allowed networks').fill('192.0.2.9/24\nthe office');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('application-networks-shut-out', 'Ledger Sync', '/networks', async (page) => {
    await page.getByLabel('Allowed networks').fill('2001:db8::/64');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('application-secret-ends', 'Forecast Notebook'),
  of('application-locked', 'Platform Scheduler'),
  of('application-menu', 'Ledger Sync', '', (page) => button(page, 'Actions for Ledger Sync').click()),
  of('application-for-users', 'Chart Studio'),
  of('application-public', 'Task Pocket'),
  of('connect', 'Chart Studio', '/connect'),
  of('connect-public', 'Task Pocket', '/connect'),
  of('edit', 'Ledger Sync', '/edit'),
  of('edit-for-users', 'Chart Studio', '/edit'),
  of('edit-errors', 'Ledger Sync', '/edit', async (page) => {
    await page.getByLabel('Name').fill('Nightly Export');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('edit-scopes', 'Ledger Sync', '/scopes'),
  of('edit-scopes-errors', 'Carbon Report', '/scopes', async (page) => {
    await page.getByRole('checkbox', { name: 'integration.data-models:read' }).uncheck();
    await button(page, 'Review changes').click();
    await page.getByRole('alert').waitFor();
  }),
  of('edit-scopes-review', 'Ledger Sync', '/scopes', async (page) => {
    await page.getByRole('checkbox', { name: 'integration.data-pools:read' }).uncheck();
    await page.getByRole('checkbox', { name: 'integration.data-pools:query' }).check();
    await button(page, 'Review changes').click();
    await page.getByRole('heading', { name: 'Review changes' }).waitFor();
  }),
  of('edit-scopes-required', 'Chart Studio', '/scopes', async (page) => {
    await page.getByRole('checkbox', { name: 'Required: studio.knowledge-models:query' }).check();
    await page.getByRole('checkbox', { name: 'Required: studio.knowledge-models:read' }).uncheck();
    await button(page, 'Review changes').click();
    await page.getByRole('heading', { name: 'Review changes' }).waitFor();
  }),
  of('edit-scopes-nothing', 'Ledger Sync', '/scopes', async (page) => {
    await button(page, 'Review changes').click();
    await page.getByRole('heading', { name: 'Nothing would change' }).waitFor();
  }),
  of('permissions', 'Ledger Sync', '/permissions'),
  of('permissions-locked', 'Platform Scheduler', '/permissions'),

  ...(['regenerate', 'disable', 'delete'] as const).flatMap((question) => [
    of(`${question}-page`, 'Ledger Sync', `/${question}`),
    asked(`${question}-dialog`, 'Ledger Sync', question),
  ]),
  of('enable-page', 'Legacy Reporting', '/enable'),
  asked('enable-dialog', 'Legacy Reporting', 'enable'),
  of('regenerate-public', 'Task Pocket', '/regenerate'),
  of('regenerate-errors', 'Ledger Sync', '/regenerate', async (page) => {
    await page.getByRole('radio', { name: 'At a time I choose' }).check();
    await page.getByLabel('Date and time, in UTC').fill('2020-01-01T09:00');
    await button(page, 'Regenerate secret').click();
    await page.locator('[aria-invalid=true]').waitFor();
  }),
  of('secret-new', 'Pool Monitor', '', async (page) => {
    await page.getByRole('link', { name: 'Add secret' }).click();
    await button(page, 'Add secret').waitFor();
  }),
  of('secret-new-errors', 'Pool Monitor', '/secrets/new', async (page) => {
    await page.getByLabel('Name').fill('Rollout');
    await page.getByRole('radio', { name: 'At a time I choose' }).check();
    await page.getByLabel('Date and time, in UTC').fill('2020-01-01T09:00');
    await button(page, 'Add secret').click();
    await page.locator('[aria-invalid=true]').waitFor();
  }),
  of('secret-menu', 'Pool Monitor', '', (page) => page.getByRole('button', { name: /^Actions for secret Staging/ }).click()),
  ...(['Edit name and end', 'Pause', 'End', 'Regenerate'] as const).map((question) =>
    of(`secret-${question.split(' ')[0].toLowerCase()}`, 'Pool Monitor', '', async (page) => {
      await page.getByRole('button', { name: /^Actions for secret Staging/ }).click();
      await page.getByRole('link', { name: `${question}…`, exact: true }).click();
      await page.locator('.dialog-foot').getByRole('button').last().waitFor();
    })),
  of('secret-resume', 'Pool Monitor', '', async (page) => {
    await page.getByRole('button', { name: /^Actions for secret Demo contractor/ }).click();
    await page.getByRole('link', { name: 'Resume…' }).click();
    await button(page, 'Resume secret').waitFor();
  }),
  asked('delete-errors', 'Ledger Sync', 'delete', async (page) => {
    await page.getByLabel('Type Ledger Sync to confirm').fill('Ledger');
    await button(page, 'Delete application').click();
    await page.locator('[aria-invalid=true]').waitFor();
  }),
  seen('regenerate-too-late', async ({ page }) => {
    const { path } = await register(page, 'Harbour Late');
    await page.goto(`${path}/regenerate`);
    await page.request.post(`${path}/regenerate`, { form: { end: 'now' } });
    await button(page, 'Regenerate secret').click();
    await page.getByRole('heading', { name: 'It has a new secret already' }).waitFor();
  }),
  seen('secret-regenerated', async ({ page }) => {
    const { path } = await register(page, 'Harbour Anew', { method: 'client_secret_post', templates: { audit: 'admin' } });
    await page.goto(`${path}/regenerate`);
    await button(page, 'Regenerate secret').click();
    await page.getByRole('heading', { level: 1, name: 'New secret for Harbour Anew' }).waitFor();
  }),

  at('wizard-details', wizard),
  seen('wizard-details-errors', async ({ page }) => {
    await page.goto(wizard);
    await page.getByLabel('Description').fill('Copies berths to the ledger.');
    await button(page, 'Define scopes').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('wizard-details-for-users', async ({ page }) => {
    await page.goto(wizard);
    await page.getByRole('radio', { name: /^Authorization code/ }).check();
  }),
  seen('wizard-details-for-users-errors', async ({ page }) => {
    await page.goto(wizard);
    await page.getByLabel('Name').fill('Harbour Portal');
    await page.getByRole('radio', { name: /^Authorization code/ }).check();
    await page.getByLabel('Redirect URIs').fill('https://portal.example/cb\nhttp://portal.example/cb\nportal:/cb');
    await page.getByLabel('Home page').fill('portal.example');
    await button(page, 'Define scopes').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('wizard-scopes', ({ page }) => define(page, 'Harbour Sync')),
  seen('wizard-scopes-ticked', async ({ page }) => {
    await define(page, 'Harbour Sync');
    await page.getByRole('checkbox', { name: 'integration.data-pools:read' }).check();
    await page.getByRole('checkbox', { name: 'integration.data-pools:query' }).check();
    await page.getByLabel('Permissions for Data Integration').selectOption({ index: 1 });
  }),
  seen('wizard-scopes-for-users', ({ page }) => defineForUsers(page, 'Harbour Portal')),
  seen('secret-for-users', async ({ page }) => {
    await defineForUsers(page, 'Harbour Portal');
    await button(page, 'Create').click();
    await page.getByRole('heading', { level: 1, name: 'Harbour Portal is ready' }).waitFor();
  }),
  seen('wizard-scopes-errors', async ({ page }) => {
    await define(page, 'Harbour Sync');
    await button(page, 'Create').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('wizard-scopes-manager', ({ page }) => define(page, 'Harbour Sync'), 'manages applications, not permissions'),
  seen('secret', ({ page }) => create(page, 'Harbour Sync', 'audit.log:read')),
  seen('secret-gone', async ({ page }) => {
    const { path } = await register(page, 'Harbour Shown');
    await page.goto(`${path}/secret`);
  }),
  seen('test', async ({ page }) => page.goto(`${(await register(page, 'Harbour Test')).path}/test`)),
  seen('test-lacks-permission', async ({ page }) => {
    const { path, secret } = await register(page, 'Harbour Lacks');
    await tryOut(page, path, secret);
  }),
  seen('test-works', async ({ page }) => {
    const { path, secret } = await register(page, 'Harbour Works', { templates: { audit: 'admin' } });
    await tryOut(page, path, secret);
  }),
  seen('test-refused', async ({ page }) => {
    const { path } = await register(page, 'Harbour Refused');
    await tryOut(page, path, 'cs_wrong');
  }),

  at('services', '/admin/permissions'),
  at('services-no-match', '/admin/permissions?q=no+such+thing'),
  at('services-part', '/admin/permissions', 'looks after the permissions of one service'),
  at('subjects', '/admin/permissions/integration'),
  at('subjects-no-match', '/admin/permissions/integration?q=nobody&type=group'),
  at('subjects-no-such-page', '/admin/permissions/integration?after=nonsense'),
  at('subjects-none', '/admin/permissions/process-repository'),
  at('objects', '/admin/permissions/integration/objects'),
  at('objects-none', '/admin/permissions/team/objects'),
  at('templates', '/admin/permissions/integration/templates'),
  at('granting', '/admin/permissions/studio/granting'),
  at('granting-restricted', '/admin/permissions/on-prem/granting', 'looks after the permissions of one service'),
  at('granting-looked-at', '/admin/permissions/on-prem/granting'),
  at('granting-never', '/admin/permissions/integration/granting'),
  at('granting-restrict', '/admin/permissions/studio/granting/restricted'),
  at('granting-standard', '/admin/permissions/on-prem/granting/standard', 'looks after the permissions of one service'),
  at('subjects-restricted', '/admin/permissions/on-prem'),
  at('holders', '/admin/permissions/integration/access'),
  at('holders-part', '/admin/permissions/integration/access?object=orders', 'looks after the permissions of one service'),
  at('holders-no-such', '/admin/permissions/integration/access?permission=fly'),
  at('why', '/admin/permissions/why'),
  at('why-unknown', '/admin/permissions/why?request=K2VJ6QXW4N7PZ5TRA3MHBDGC2Y'),
  at('why-wrong', '/admin/permissions/why?subject=nobody&permission=x%2Fy&object=a%2Fb%2Fc'),
  at('why-missing', '/admin/permissions/why?subject=Ledger+Sync&permission=applications%2Fmanage&scope=applications%3Aread'),
  at('why-held', '/admin/permissions/why?subject=demo.admin%40example.com&permission=applications%2Fmanage'),
  of('access', 'Ledger Sync', '/access'),
  of('access-none', 'Hackathon Team A', '/access?service=audit'),
  at('assign', '/admin/permissions/integration/assign'),
  at('assign-no-match', '/admin/permissions/integration/assign?q=no+such+subject'),
  at('assign-no-such-page', '/admin/permissions/integration/assign?after=nonsense'),
  at('assign-nobody-picked', '/admin/permissions/integration/assign/what'),
  seen('assign-what', async ({ page }) => {
    await page.goto('/admin/permissions/integration/assign');
    await page.getByRole('checkbox', { name: /^Pick / }).first().check();
    await button(page, 'Next').click();
  }),
  seen('assign-errors', async ({ page }) => {
    await page.goto('/admin/permissions/integration/assign');
    await page.getByRole('checkbox', { name: /^Pick / }).first().check();
    await button(page, 'Next').click();
    await button(page, 'Assign').click();
    await page.getByRole('alert').waitFor();
  }),
  ...['Change', 'Remove'].map((what) =>
    seen(`${what.toLowerCase()}-several`, async ({ page }) => {
      await page.goto('/admin/permissions/integration');
      for (const tick of await page.getByRole('checkbox', { name: /^Tick / }).all()) await tick.check();
      await button(page, `${what} ticked…`).click();
    }),
  ),
  at('change-nothing-ticked', '/admin/permissions/integration/change'),

  at('scopes', '/admin/scopes'),
  at('scopes-no-match', '/admin/scopes?q=no+such+thing'),
  at('settings-team', '/admin/settings'),
  seen('settings-team-errors', async ({ page }) => {
    await page.goto('/admin/settings');
    await page.getByLabel('Team name').fill('');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  at('settings-notices', '/admin/settings/notices'),
  at('settings-notice', '/admin/settings/notices/consent.revoked'),
  seen('settings-notice-errors', async ({ page }) => {
    await page.goto('/admin/settings/notices/application.created');
    await page.getByRole('checkbox', { name: 'Administrators' }).uncheck();
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  at('settings-webhooks', '/admin/settings/webhooks'),
  at('settings-webhook-new', '/admin/settings/webhooks/new'),
  seen('settings-webhook-errors', async ({ page }) => {
    await page.goto('/admin/settings/webhooks/new');
    await page.getByLabel('URL').fill('https://127.0.0.1/');
    await button(page, 'Add webhook').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('settings-webhook', async ({ page }) => webhook(page, 'Alarms in the chat')),
  seen('settings-webhook-stopped', async ({ page }) => webhook(page, 'Tickets for expiring secrets')),
  ...['rotate', 'disable', 'delete'].map((deed) =>
    seen(`settings-webhook-${deed}`, async ({ page }) => {
      await webhook(page, 'Alarms in the chat');
      await page.goto(`${page.url()}/${deed}`);
    }),
  ),
  seen('settings-webhook-secret', async ({ page }) => {
    await page.goto('/admin/settings/webhooks/new');
    await page.getByLabel('URL').fill('https://more.demo.example/in');
    await page.getByRole('checkbox', { name: 'New administrator' }).check();
    await button(page, 'Add webhook').click();
    await page.getByLabel('Secret', { exact: true }).waitFor();
  }),
  at('settings-audit-log', '/admin/settings/audit-log'),
  at('settings-audit-log-shorten', '/admin/settings/audit-log/shorten?days=30'),
  at('notices', '/profile/notices', 'manages applications, not permissions'),
  at('notices-unread', '/profile/notices?show=unread'),
  at('notices-none', '/profile/notices', 'may see nothing yet'),
  at('settings-credentials', '/admin/settings/credentials'),
  seen('settings-credentials-errors', async ({ page }) => {
    await page.goto('/admin/settings/credentials');
    await page.getByLabel('Most live secrets of an application').fill('0');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  at('audit-log', '/admin/audit-log'),
  at('audit-log-no-match', '/admin/audit-log?actor=nobody'),
  at('audit-log-error', '/admin/audit-log?from=yesterday'),
  seen('audit-log-download', async ({ page }) => {
    await page.goto('/admin/audit-log');
    await button(page, 'Download').click();
  }),
  seen('event', async ({ page }) => {
    await page.goto('/admin/audit-log?action=application.disable&outcome=done');
    await page.getByRole('link', { name: 'Disable an application' }).first().click();
    await page.getByText('Raw JSON').click();
  }),
  seen('event-refused', async ({ page }) => {
    await page.request.post('/admin/applications/new/oauth-client', { form: { name: 'Not Mine' } });
    await page.goto('/admin/audit-log?outcome=refused');
    await page.getByRole('rowheader').getByRole('link').first().click();
  }, 'sees applications and the audit log'),

  at('profile', '/profile'),
  at('profile-guest', '/profile', 'may see nothing yet'),
  seen('profile-errors', async ({ page }) => {
    await page.goto('/profile');
    await page.getByRole('textbox', { name: 'Name' }).fill('');
    await page.getByRole('textbox', { name: 'E-mail address' }).fill('no address');
    await button(page, 'Save changes').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('profile-password-errors', async ({ page }) => {
    await page.goto('/profile');
    await page.getByRole('textbox', { name: 'New password' }).fill('too short');
    await button(page, 'Change password').click();
    await page.getByRole('alert').waitFor();
  }),

  at('oauth-clients', '/profile/oauth-clients'),
  at('oauth-clients-none', '/profile/oauth-clients', 'may see nothing yet'),
  at('oauth-clients-no-match', '/profile/oauth-clients?q=no+such+application'),
  at('oauth-clients-revoke-all', '/profile/oauth-clients/revoke'),
  seen('oauth-clients-revoke', async ({ page }) => {
    await page.goto('/profile/oauth-clients');
    await page.getByRole('link', { name: 'Revoke Chart Studio' }).click();
    await button(page, 'Revoke').waitFor();
  }),
  of('consents', 'Order Workbench', '/consents'),
  of('consents-ended', 'Chart Studio', '/consents?state=ended'),
  of('consents-none', 'Notebook Connector', '/consents'),
  of('consents-no-match', 'Order Workbench', '/consents?q=nobody'),
  of('consents-revoke', 'Order Workbench', '/consents', async (page) => {
    await page.getByRole('link', { name: /^Revoke the consent of/ }).first().click();
    await button(page, 'Revoke').waitFor();
  }),
  of('consents-revoke-all-errors', 'Order Workbench', '/consents/revoke', async (page) => {
    await button(page, 'Revoke all').click();
    await page.locator('[aria-invalid=true]').waitFor();
  }),

  consent('consent', 'Chart Studio', 'https://charts.demo.example/oauth/callback', 'openid profile studio.knowledge-models:read studio.knowledge-models:query'),
  consent('consent-app', 'Task Pocket', 'example.demo.taskpocket:/signed-in', 'openid studio.tasks:read studio.tasks:update'),
  consent('consent-unverified', 'Meeting Summarizer', 'https://summarizer.demo.example/cb', 'openid email studio.tasks:update intelligence.conversations:write'),
  consent('consent-errors', 'Notebook Connector', 'http://127.0.0.1/callback', 'integration.data-pools:read', async (page) => {
    await page.getByRole('checkbox').uncheck();
    await button(page, 'Allow').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('consent-renewed', async ({ page }) => {
    const again = await request(page, 'Order Workbench', 'https://workbench.demo.example/signed-in', 'openid studio.tasks:read');
    await page.request.get(again.replace('&prompt=consent', ''), { maxRedirects: 0 }); // nobody is asked the first time
    await page.goto(again);
    await page.getByText('It acts for you already').waitFor();
  }),
  consent('consent-gone', 'Task Pocket', 'example.demo.taskpocket:/signed-in', 'openid studio.tasks:read', async (page) => {
    const question = await page.locator('[name=request]').inputValue();
    await page.request.post('/oauth2/authorize/consent', { form: { request: question, decision: 'deny' }, maxRedirects: 0 });
    await button(page, 'Deny').click();
    await page.getByRole('heading', { name: 'That question was already answered' }).waitFor();
  }),
  seen('consent-nowhere', async ({ page }) => page.goto(await request(page, 'Chart Studio', 'https://elsewhere.example/', 'openid'))),
  seen('login-for-application', async ({ page, context }) => {
    const asked = await request(page, 'Chart Studio', 'https://charts.demo.example/oauth/callback', 'openid');
    await context.clearCookies();
    await page.goto(asked);
  }),

  at('users', '/admin/users'),
  at('users-no-match', '/admin/users?q=nobody+of+that+name'),
  at('users-disabled', '/admin/users?status=disabled'),
  at('users-no-such-page', '/admin/users?after=nonsense'),
  seen('users-menu', async ({ page }) => {
    await page.goto('/admin/users');
    await button(page, 'Actions for Demo Viewer').click();
  }),
  ofUser('user-access', 'Demo Viewer', '/access'),
  ofUser('user', 'Demo Auditor'),
  ofUser('user-own', 'Demo Admin'),
  ofUser('user-invited', 'Demo Newcomer'),
  ofUser('user-expired', 'Demo Latecomer'),
  ofUser('user-disabled', 'Demo Leaver'),
  ofUser('user-disable', 'Demo Viewer', '/disable'),
  ofUser('user-reset-password', 'Demo Viewer', '/reset-password'),
  ofUser('user-sign-out', 'Demo Viewer', '/sign-out'),
  ofUser('user-administrator', 'Demo Viewer', '/administrator'),
  ofUser('user-no-administrator', 'Demo Platform Owner', '/administrator/remove'),
  seen('services-for-user', async ({ page }) => {
    await page.goto('/admin/groups?q=Demo+Reviewers');
    await page.getByRole('link', { name: 'Demo Reviewers', exact: true }).click();
    await page.getByRole('link', { name: 'Assign permissions' }).click();
    await page.getByRole('heading', { level: 1, name: 'Assign permissions' }).waitFor();
  }),
  ofUser('user-self', 'Demo Admin', '/disable'),
  ofUser('user-link-gone', 'Demo Newcomer', '/link'),
  at('groups', '/admin/groups'),
  at('groups-none', '/admin/groups?q=nothing'),
  at('group-new', '/admin/groups/new'),
  ofGroup('group', 'Demo Reviewers'),
  ofGroup('group-empty', 'Demo Pilot'),
  ofGroup('group-edit', 'Demo Pilot', '/edit'),
  ofGroup('group-add', 'Demo Reviewers', '/add'),
  ofGroup('group-delete', 'Demo Reviewers', '/delete'),
  at('users-invite', '/admin/users/new'),
  seen('users-invite-errors', async ({ page }) => {
    await page.goto('/admin/users/new');
    await page.getByLabel('E-mail address').fill('no address');
    await button(page, 'Invite user').click();
    await page.getByRole('alert').waitFor();
  }),
  seen('user-link', async ({ page }) => {
    await inviteAnyone(page, 'Demo Invitee');
  }),
  seen('invitation', async ({ page, context }) => {
    const link = await inviteAnyone(page, 'Demo Joiner');
    await context.clearCookies();
    await page.goto(link);
  }),
  { name: 'invitation-unknown', show: ({ page }) => page.goto('/invitation?code=nonsense') },

  at('nothing-to-see', '/', 'may see nothing yet'),
  at('not-found', '/admin/no-such-page'),
  at('forbidden', wizard, 'sees applications'),
  { name: 'not-found-signed-out', show: ({ page }) => page.goto('/no-such-page') },
  seen('account-menu', async ({ page }) => {
    await page.goto('/admin/scopes');
    await openAccount(page);
  }),
  seen('navigation', async ({ page }) => {
    await page.goto('/admin/scopes');
    const drawer = page.getByRole('button', { name: 'Open menu' });
    if (await drawer.isVisible()) await drawer.click();
  }),
];
