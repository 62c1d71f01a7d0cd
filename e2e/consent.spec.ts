import type { Locator, Page } from '@playwright/test';
import { apply, open, rows } from './console';
import { expect, test } from './fixtures';
import { RelyingParty } from './relying-party';

/** Runs a walk with an application that is registered for it. */
const withParty = (
  name: string,
  options: { scope?: string; trust?: string },
  walk: (fixtures: { page: Page; party: RelyingParty; axe: () => Promise<void> }) => Promise<void>,
) =>
  test(name, async ({ page, demo, signIn, axe }, { project }) => {
    await signIn();
    const party = await RelyingParty.start(page, demo.url, `${name} ${project.name}`, options);
    await walk({ page, party, axe }).finally(() => party.stop());
  });

const said = async (page: Page) => JSON.parse(await page.locator('pre').innerText());

withParty('a user allows a part and takes it back', {}, async ({ page, party, axe }) => {
  await test.step('the question says who asks, for what, and where the answer leads', async () => {
    await page.goto(party.url);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('wants to act for you');
    await expect(page.getByText('Unverified')).toBeVisible();
    await expect(page.getByText(`${party.url}/cb`)).toBeVisible();
    await expect(page.getByRole('checkbox', { name: /^Sign in/ })).toBeDisabled();
    await axe();
  });

  await test.step('an unticked box is not allowed, and the browser comes back to the application', async () => {
    await page.getByRole('checkbox', { name: /^E-mail address/ }).uncheck();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.waitForURL(`${party.url}/home`);
    const { scope, name, email } = await said(page);
    expect({ scope, email }).toEqual({ scope: 'openid profile', email: undefined });
    expect(await party.says(page, '/me')).toMatchObject({ status: 200, name });
    expect(await party.says(page, '/refresh')).toMatchObject({ scope: 'openid profile' });
  });

  await test.step('nobody is asked again for the same', async () => {
    await page.goto(party.url);
    await page.waitForURL(`${party.url}/home`);
  });

  await test.step('three clicks from any page take it back', async () => {
    await page.goto('/admin/audit-log');
    let clicks = 0;
    const click = async (what: Locator) => { clicks++; await what.click(); };
    await click(await wayToConsents(page));
    await click(page.getByRole('link', { name: /^Revoke a user allows a part/ }).first());
    await expect(page.getByText(/up to 15 minutes/).first()).toBeVisible();
    await axe();
    await click(page.getByRole('button', { name: 'Revoke', exact: true }));
    const ended = page.getByRole('region', { name: 'Ended in the last 30 days' }).getByRole('listitem');
    await expect(ended.filter({ hasText: 'a user allows a part' }).first()).toContainText('You revoked it');
    expect(clicks).toBe(3);
    await axe();
  });

  await test.step('the application is cut off at once', async () => {
    expect(await party.says(page, '/refresh')).toMatchObject({ error: 'invalid_grant' });
    expect(await party.says(page, '/me')).toMatchObject({ status: 401, error: 'invalid_token' });
    await page.goto(party.url);
    await expect(page.getByRole('button', { name: 'Deny', exact: true })).toBeVisible();
  });
});

/** Returns the one link that leads from any page to where consents are taken back. */
async function wayToConsents(page: Page): Promise<Locator> {
  const direct = page.getByRole('link', { name: 'OAuth Client Management', exact: true }).locator('visible=true');
  return (await direct.count()) > 0 ? direct.first() : page.getByRole('link', { name: /Edit Profile/ }).locator('visible=true').first();
}

withParty('a user denies', {}, async ({ page, party }) => {
  await page.goto(party.url);
  const request = await page.locator('input[name="request"]').inputValue();
  await page.getByRole('button', { name: 'Deny', exact: true }).click();
  await page.waitForURL(`${party.url}/cb?*`);
  expect(await said(page)).toMatchObject({ error: 'access_denied' });
  const again = await page.request.post('/oauth2/authorize/consent', { form: { request, decision: 'allow', scope: 'openid', for: 'month' } });
  expect(again.status()).toBe(410);
  expect(await again.text()).toContain('That question was already answered');
});

// Chromium holds every redirect that follows a post against form-action: from sign-in to the question, from there to
// the application, and on to wherever that leads. What it blocks fails the test.
test('sign-in on the way, and the answer, lead on to the application', async ({ page, demo, signIn, axe }, { project }) => {
  const { email, password } = await signIn();
  const party = await RelyingParty.start(page, demo.url, `Sign-in on the way ${project.name}`, { trust: 'verified' });
  await page.context().clearCookies();
  await page.goto(`${party.url}/?login_hint=${encodeURIComponent(email)}`);
  await expect(page.getByText(/Sign in to continue to Sign-in on the way/)).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toHaveValue(email);
  await axe();
  const policy = async (address: string) => (await page.request.get(address)).headers()['content-security-policy'];
  expect(await policy(page.url())).toContain(`form-action 'self' https: ${party.url};`);
  expect(await policy('/login')).toContain("form-action 'self';");

  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.waitForURL(`${party.url}/home`);
  expect(await said(page)).toMatchObject({ email, aud: party.id });
  await party.stop();
});

test('an administrator revokes a consent, and the user reads who did and why', async ({ page, demo, signIn, axe }, { project }) => {
  await signIn();
  const name = `Revoked for others ${project.name}`;
  const reason = 'Its vendor <leaked> our data';
  const party = await RelyingParty.start(page, demo.url, name);
  await page.context().clearCookies(); // signing in from a session would end it
  const { email } = await signIn('may see nothing yet');
  await page.goto(party.url);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.waitForURL(`${party.url}/home`);
  const user = String((await said(page)).name);

  await test.step('the consent is found on the application, and the reason is asked for', async () => {
    await signIn();
    await open(page, name);
    await page.getByRole('link', { name: 'See consents' }).click();
    await page.getByRole('searchbox', { name: 'Search users' }).fill(email.toUpperCase());
    await apply(page);
    await expect(rows(page, 'Consents')).toHaveCount(1);
    await axe();
    await page.getByRole('link', { name: `Revoke the consent of ${user}` }).click();
    await expect(page.getByText(/up to 15 minutes/).first()).toBeVisible();
    await axe();
  });

  await test.step('a reason that is too long is said to be so, and kept', async () => {
    const field = page.getByRole('textbox', { name: 'Reason' });
    await field.evaluate((input) => input.removeAttribute('maxlength'));
    await field.fill('x'.repeat(2000));
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(field).toHaveValue('x'.repeat(2000));
    await field.fill(reason);
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  });

  await test.step('it is listed as ended, with the reason, and the application is cut off', async () => {
    await page.getByRole('link', { name: /^Ended/ }).click();
    const ended = rows(page, 'Consents').filter({ hasText: user });
    await expect(ended).toHaveCount(1);
    await expect(ended).toContainText(`Reason: ${reason}`);
    expect(await party.says(page, '/refresh')).toMatchObject({ error: 'invalid_grant' });
    expect(await party.says(page, '/me')).toMatchObject({ status: 401, error: 'invalid_token' });
  });

  await test.step('the user is told by a notice, and where consents are managed', async () => {
    await signIn('may see nothing yet');
    const told = page.getByRole('main').getByRole('listitem').filter({ hasText: name });
    await expect(async () => {
      await page.goto('/profile/notices?show=unread');
      await expect(told).toHaveCount(1, { timeout: 500 });
    }).toPass();
    await expect(told).toContainText(`Demo Admin revoked your consent. Reason: ${reason}`);
    await axe();
    await told.getByRole('link').click();
    const ended = page.getByRole('region', { name: 'Ended in the last 30 days' }).getByRole('listitem').filter({ hasText: name });
    await expect(ended).toContainText('Revoked by Demo Admin');
    await expect(ended).toContainText(reason);
  });
  await party.stop();
});

withParty('a first-party application asks once it was revoked', { trust: 'first_party' }, async ({ page, party }) => {
  await page.goto(party.url);
  await page.waitForURL(`${party.url}/home`);
  await page.goto('/profile/oauth-clients');
  await page.getByRole('link', { name: /^Revoke a first-party application/ }).first().click();
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'a first-party application' }).first()).toContainText('You revoked it');
  await page.goto(party.url);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.waitForURL(`${party.url}/home`);
});
