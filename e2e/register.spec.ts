import type { Locator, Page } from '@playwright/test';
import { getToken, register } from './console';
import { expect, test } from './fixtures';

const wizard = '/admin/applications/new/oauth-client';
const scope = (page: Page, key: string): Locator => page.getByRole('checkbox', { name: key });

test('an administrator registers a client, hands it over, and gives it what it lacks', async ({
  page, context, demo, signIn, axe, javaScriptEnabled,
}) => {
  await signIn();
  await page.goto('/admin/applications');

  await test.step('details', async () => {
    await page.getByRole('button', { name: 'Add new application' }).click();
    await page.getByRole('link', { name: /^OAuth Client A program/ }).click();
    await expect(page.getByRole('radio', { name: 'Client credentials' })).toBeChecked();
    await expect(page.getByRole('radio', { name: 'Client secret basic' })).toBeChecked();
    await page.getByLabel('Name').fill('Harbour Sync');
    await page.getByLabel('Description').fill('Copies berths to the ledger.');
    await page.getByRole('radio', { name: 'Client secret basic' }).check();
    await page.getByRole('button', { name: 'Define scopes' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Define scopes' })).toBeVisible();
  });

  await test.step('scopes', async () => {
    if (javaScriptEnabled) {
      await page.getByRole('searchbox', { name: 'Filter scopes' }).fill('pools');
      await expect(scope(page, 'audit.log:read')).toBeHidden();
      const all = page.getByRole('checkbox', { name: 'Select all of Data Integration' });
      await scope(page, 'integration.data-pools:read').check();
      await expect(all).toHaveJSProperty('indeterminate', true);
      await all.click();
      await expect(scope(page, 'integration.data-pools:query')).toBeChecked();
      await page.getByRole('searchbox', { name: 'Filter scopes' }).fill('');
      await expect(scope(page, 'integration.data-models:read')).not.toBeChecked(); // the filter had hidden it
      await expect(all).toHaveJSProperty('indeterminate', true);
      await all.check();
      await all.uncheck();
      await expect(page.getByText('0 selected')).toBeVisible();
    }
    await scope(page, 'audit.log:read').check();
    await scope(page, 'applications:read').check();
    await axe();
  });

  await test.step('going back and forth loses nothing', async () => {
    await page.getByRole('button', { name: 'Back' }).click();
    await expect(page.getByLabel('Name')).toHaveValue('Harbour Sync');
    await expect(page.getByLabel('Description')).toHaveValue('Copies berths to the ledger.');
    await page.getByRole('button', { name: 'Define scopes' }).click();
    await expect(scope(page, 'audit.log:read')).toBeChecked();
    await expect(scope(page, 'applications:read')).toBeChecked();
    await expect(page.getByRole('checkbox', { name: 'integration.data-pools:read' })).not.toBeChecked();

    await page.goto(wizard); // where the browser's Back may lead
    await page.getByRole('link', { name: 'Go on with Harbour Sync' }).click();
    await expect(page.getByLabel('Description')).toHaveValue('Copies berths to the ledger.');
    await page.getByRole('button', { name: 'Define scopes' }).click();
  });

  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Harbour Sync is ready' })).toBeVisible();
  const id = await page.getByLabel('Client ID', { exact: true }).inputValue();
  const secret = await page.getByLabel('Client secret', { exact: true }).inputValue();
  await axe();

  await test.step('the credentials are copied, and work', async () => {
    if (javaScriptEnabled) {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'Copy Client secret' }).click();
      await expect(page.getByRole('button', { name: 'Copy Client secret' })).toContainText('Copied');
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
    }
    expect(await getToken(demo.url, id, secret)).toMatchObject({ status: 200, scope: 'applications:read audit.log:read' });
  });

  await test.step('a test says which permission is missing', async () => {
    const result = await tryOut(page, javaScriptEnabled);
    await expect(result.getByText('It got a token')).toBeVisible();
    await expect(result.getByText('GET /api/v1/audit-log?limit=1: 403 Forbidden')).toBeVisible();
    await expect(result.getByText('lacks the permission Use audit log API of Audit log').first()).toBeVisible();
    await expect(result.getByRole('region', { name: 'Claims of the token' })).toContainText(`"client_id": "${id}"`);
    if (result !== page) await result.close();
  });

  await test.step('the secret is shown once', async () => {
    expect((await page.reload())?.status()).toBe(410);
    await expect(page.getByRole('heading', { level: 1, name: 'That secret was already shown' })).toBeVisible();
    await expect(page.getByText(secret)).toHaveCount(0);
    await page.getByRole('link', { name: 'View application' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Harbour Sync' })).toBeVisible();
  });

  await test.step('with the permission the same test succeeds', async () => {
    await page.getByRole('link', { name: 'Assign permissions' }).first().click();
    await assign(page, 'Audit log', 'Admin');
    await page.getByRole('link', { name: 'Harbour Sync' }).first().click();
    await page.getByRole('link', { name: 'Test', exact: true }).click();
    await page.getByRole('textbox', { name: 'Client secret' }).fill(secret);
    await page.getByRole('button', { name: 'Test it now' }).click();
    await expect(page.getByText('GET /api/v1/audit-log?limit=1: 200 OK')).toBeVisible();
    await expect(page.getByText('GET /api/v1/applications?limit=1: 403 Forbidden')).toBeVisible();
    await axe();
  });
});

test('create, permit and test take five clicks and the ticks', async ({ page, signIn, javaScriptEnabled }) => {
  await signIn();
  await page.goto('/admin/applications');
  let clicks = 0;
  const click = async (what: Locator) => { clicks++; await what.click(); };

  await click(page.getByRole('button', { name: 'Add new application' }));
  await click(page.getByRole('link', { name: /^OAuth Client A program/ }));
  await page.getByLabel('Name').fill('Five Clicks');
  await click(page.getByRole('button', { name: 'Define scopes' }));
  await scope(page, 'audit.log:read').check();
  await page.getByLabel('Permissions for Audit log').selectOption({ index: 1 });
  await click(page.getByRole('button', { name: 'Create', exact: true }));
  const result = await tryOut(page, javaScriptEnabled);
  clicks++;
  await expect(result.getByText('GET /api/v1/audit-log?limit=1: 200 OK')).toBeVisible();
  expect(clicks).toBe(5);
});

test('every wrong field is named, and nothing that was typed is lost', async ({ page, signIn, axe }) => {
  await signIn();
  const summary = page.getByRole('alert');

  await test.step('no name', async () => {
    await page.goto(wizard);
    await page.getByLabel('Description').fill('Typed already.');
    await page.getByRole('radio', { name: 'Client secret post' }).check();
    await page.getByRole('button', { name: 'Define scopes' }).click();
    await expect(summary).toContainText('Enter a name');
    await expect(page.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('Description')).toHaveValue('Typed already.');
    await expect(page.getByRole('radio', { name: 'Client secret post' })).toBeChecked();
    await summary.getByRole('link').first().click();
    await expect(page.getByLabel('Name')).toBeFocused();
    await axe();
  });

  await test.step('a name that is taken', async () => {
    await page.getByLabel('Name').fill('ledger sync');
    await page.getByRole('button', { name: 'Define scopes' }).click();
    await expect(summary).toContainText('Another application has this name');
    await expect(page.getByLabel('Name')).toHaveValue('ledger sync');
    await expect(page.getByLabel('Description')).toHaveValue('Typed already.');
  });

  await test.step('no scope', async () => {
    await page.getByLabel('Name').fill('Scopeless');
    await page.getByRole('button', { name: 'Define scopes' }).click();
    const answer = page.waitForResponse((response) => response.request().method() === 'POST' && response.url().endsWith('/scopes'));
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    expect((await answer).status()).toBe(422);
    await expect(summary).toContainText('The client was not created');
    await axe();
    await scope(page, 'audit.log:read').check();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Scopeless is ready' })).toBeVisible();
  });
});

test('a field is checked as one leaves it', async ({ page, signIn, javaScriptEnabled }) => {
  await signIn();
  await page.goto(wizard);
  await page.getByLabel('Name').fill('Ledger Sync');
  await page.getByLabel('Description').focus();
  if (javaScriptEnabled) await expect(page.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Description')).toBeFocused();
});

test('a button that is pressed slowly stays where it is', async ({ page, signIn, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'the server checks then');
  await page.setViewportSize({ width: 1440, height: 2000 }); // the field and the button are seen
  await signIn();
  await page.goto(wizard);
  await page.getByLabel('Name').fill('Pressed slowly');
  await page.getByRole('radio', { name: /^Authorization code/ }).check();
  await page.getByLabel('Redirect URIs').pressSequentially('http://example.com/cb'); // its error takes lines
  await page.getByRole('button', { name: 'Define scopes' }).click({ delay: 300, position: { x: 10, y: 4 } });
  await expect(page.getByRole('alert')).toContainText('https');
});

test('a session that ends loses nothing that was typed', async ({ page, context, signIn, axe, javaScriptEnabled }) => {
  await signIn();
  await page.goto(wizard);
  await page.getByLabel('Name').fill('Typed for long');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Define scopes' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Sign in in a new tab' })).toHaveAttribute('target', '_blank');
  await axe();
  await signIn();
  if (javaScriptEnabled) {
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Define scopes' }).click();
  } else {
    await page.reload();
  }
  await expect(page.getByText(/tokens of Typed for long/)).toBeVisible();
});

test('two submits make one application', async ({ page, signIn }) => {
  await signIn();
  await page.goto(wizard);
  await page.getByLabel('Name').fill('Double Submit');
  await page.getByRole('button', { name: 'Define scopes' }).click();
  await scope(page, 'audit.log:read').check();
  const address = page.url();
  await page.getByRole('button', { name: 'Create', exact: true }).dblclick();
  await expect(page.getByRole('heading', { level: 1, name: 'Double Submit is ready' })).toBeVisible();

  const again = await page.request.post(address, { form: { scope: 'audit.log:read' } });
  expect(again.url()).toContain('/admin/applications/cl_');
  await page.goto('/admin/applications?q=double+submit');
  await expect(page.getByRole('rowheader')).toHaveCount(1);
});

test('a client by client secret post gets its token with the secret in the body', async ({ page, demo, signIn }) => {
  await signIn();
  const { id, secret } = await register(page, 'In the Body', { method: 'client_secret_post' });
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  expect((await fetch(`${demo.url}/oauth2/token`, { method: 'POST', body })).status).toBe(200);
  expect((await getToken(demo.url, id, secret)).status).toBe(401);
});

test('a client that acts for users is registered, mistakes included', async ({
  page, signIn, axe, javaScriptEnabled,
}, { project }) => {
  await signIn();
  const name = `Harbour Portal ${project.name}`;
  const summary = page.getByRole('alert');
  const define = () => page.getByRole('button', { name: 'Define scopes' }).click();

  await test.step('what is for users shows when it acts for them', async () => {
    await page.goto(wizard);
    await expect(page.getByLabel('Redirect URIs')).toBeHidden();
    await expect(page.getByRole('radio', { name: /^None, public client/ })).toBeHidden();
    await page.getByRole('radio', { name: /^Authorization code/ }).check();
    await expect(page.getByLabel('Redirect URIs')).toBeVisible();
    await expect(page.getByRole('checkbox', { name: 'Stay connected' })).toBeChecked();
    await expect(page.getByRole('radio', { name: /^Unverified/ })).toBeChecked();
    await axe();
  });

  await test.step('every wrong line is named, and nothing is lost', async () => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Redirect URIs').fill('http://127.0.0.1/cb\nhttp://portal.example/cb\nhttps://portal.example/*');
    await page.getByLabel('Home page').fill('portal.example');
    if (javaScriptEnabled) await expect(page.getByLabel('Redirect URIs')).toHaveAttribute('aria-invalid', 'true');
    await page.getByLabel('Logo').setInputFiles({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') });
    await define();
    await expect(summary).toContainText('Line 2: Use https');
    await expect(summary).toContainText('Line 3: Write out the whole address');
    await expect(summary).toContainText('Choose a PNG, JPEG or GIF file');
    await expect(page.getByLabel('Home page')).toHaveValue('portal.example');
    await summary.getByRole('link').first().click();
    await expect(page.getByLabel('Redirect URIs')).toBeFocused();
    await axe();
  });

  await test.step('a logo stays while the rest is mended', async () => {
    await page.getByLabel('Redirect URIs').fill('http://127.0.0.1/cb');
    await page.getByLabel('Logo').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: dot });
    await define();
    await expect(summary).toContainText('Enter an absolute address');
    await expect(page.getByAltText('The logo as it is now')).toBeVisible();
    await page.getByLabel('Home page').fill('https://portal.example');
    await page.getByRole('radio', { name: /^Verified/ }).check();
    await define();
  });

  await test.step('scopes are marked as required', async () => {
    await expect(page.getByText('it needs no permissions of its own')).toBeVisible();
    await scopeBox(page, 'openid').check();
    await expect(page.getByRole('checkbox', { name: 'Always required: openid' })).toBeDisabled();
    await expect(page.getByRole('checkbox', { name: 'Required: email' })).toBeHidden();
    await scopeBox(page, 'email').check();
    await page.getByRole('checkbox', { name: 'Required: email' }).check();
    await axe();
    await page.getByRole('button', { name: 'Back' }).click();
    await expect(page.getByAltText('The logo as it is now')).toBeVisible();
    await define();
    await expect(page.getByRole('checkbox', { name: 'Required: email' })).toBeChecked();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
  });

  await expect(page.getByRole('heading', { level: 1, name: `${name} is ready` })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Test it now' })).toHaveCount(0);
  await axe();
});

test('a public client is handed over without a secret, and gets one when its method changes', async ({ page, signIn, axe }, { project }) => {
  await signIn();
  const name = `Harbour Pocket ${project.name}`;
  await defineForUsers(page, name, 'com.example.pocket:/cb', /^None, public client/);
  await scopeBox(page, 'openid').check();
  await page.getByRole('button', { name: 'Create', exact: true }).click();

  await expect(page.getByRole('heading', { level: 1, name: `Connect ${name}` })).toBeVisible();
  await expect(page.getByText('It has no secret')).toBeVisible();
  await expect(page.getByLabel('Client secret')).toHaveCount(0);
  await axe();
  expect((await page.reload())?.status()).toBe(200);
  await page.getByRole('link', { name: 'View application' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Regenerate secret' })).toHaveCount(0);
  await axe();

  await page.getByRole('link', { name: 'Edit', exact: true }).first().click();
  await page.getByRole('radio', { name: /^Client secret basic/ }).check();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('It has no secret yet')).toBeVisible();
  await page.getByRole('link', { name: 'Make a secret' }).first().click();
  await page.getByRole('button', { name: 'Make a secret' }).click();
  await expect(page.getByLabel('Client secret', { exact: true })).toHaveValue(/^cs_/);
});

/** The box of a scope beside which there is another, that marks it as required. */
const scopeBox = (page: Page, key: string): Locator => page.locator(`[name=scope][value="${key}"]`);

/** Takes the wizard to the scopes of a client that acts for users. */
async function defineForUsers(page: Page, name: string, redirectURI: string, method = /^Client secret basic/): Promise<void> {
  await page.goto(wizard);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('radio', { name: /^Authorization code/ }).check();
  await page.getByRole('radio', { name: method }).check();
  await page.getByLabel('Redirect URIs').fill(redirectURI);
  await page.getByRole('button', { name: 'Define scopes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Define scopes' })).toBeVisible();
}

/** A picture of one pixel. */
const dot = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** Clicks Test it now and returns the page with its result: another one without script, because the secret must stay. */
async function tryOut(page: Page, script: boolean | undefined): Promise<Page> {
  const button = page.getByRole('button', { name: 'Test it now' });
  if (script) {
    await page.waitForLoadState(); // until then the result opens in another page, as without script
    await button.click();
    return page;
  }
  const [other] = await Promise.all([page.waitForEvent('popup'), button.click()]);
  return other;
}

/** Gives a template of a service on the page of an application's permissions. */
async function assign(page: Page, service: string, template: string): Promise<void> {
  await page.getByRole('region', { name: service }).getByRole('button', { name: `Assign ${template} of ${service}` }).click();
}
