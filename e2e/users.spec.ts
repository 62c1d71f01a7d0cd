import type { Page } from '@playwright/test';
import { apply, download, go, rows, setUp } from './console';
import { expect, test } from './fixtures';
import { MailServer } from './mail-server';

const password = 'four words without meaning';

/** Names and addresses that no other project's test of the same worker has. */
const unique = (name: string) => {
  const n = Math.random().toString(36).slice(2, 8);
  return { name: `${name} ${n}`, email: `${n}@demo.example` };
};

/** Invites somebody as the forms do it, and returns the address of their page and their link. */
async function invite(page: Page, user: { name: string; email: string }): Promise<{ path: string; link: string }> {
  const shown = await page.request.post('/admin/users/new', { form: user });
  const [link] = (await shown.text()).match(/http[^"]*\/invitation\?code=\w+/) ?? [];
  if (!link) throw new Error(`${user.name} was not invited: ${shown.status()} ${shown.url()}`);
  return { path: new URL(shown.url()).pathname.replace(/\/link$/, ''), link };
}

/** Another browser, of whoever is to open a link. */
async function elsewhere(page: Page, javaScriptEnabled?: boolean) {
  return (await page.context().browser()!.newContext({ javaScriptEnabled })).newPage();
}

/** Opens a user's action, in a dialog or on a page without script. */
async function act(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('link', { name: action }).click();
}

test('an administrator invites a user, who joins', async ({ page, signIn, axe, javaScriptEnabled }) => {
  const user = unique('Test Joiner');
  await signIn();
  await page.goto('/');
  await go(page, 'Users');
  await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible();
  await axe();
  await page.getByRole('link', { name: 'Invite user' }).click();

  await test.step('every wrong field is named, and what was typed stays', async () => {
    await page.getByRole('textbox', { name: 'Name' }).fill(user.name);
    await page.getByRole('textbox', { name: 'E-mail address' }).fill('no address');
    await page.getByRole('button', { name: 'Invite user' }).click();
    await expect(page.getByRole('alert')).toContainText('Enter an e-mail address');
    await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue(user.name);
    await axe();
  });

  await page.getByRole('textbox', { name: 'E-mail address' }).fill(user.email);
  await page.getByRole('button', { name: 'Invite user' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `${user.name} is invited` })).toBeVisible();
  await axe();
  const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'That link was already shown' })).toBeVisible();

  const other = await elsewhere(page, javaScriptEnabled);
  await other.goto(link);
  await expect(other.getByText(user.email)).toBeVisible();
  await other.getByRole('textbox', { name: 'New password' }).fill('short');
  await other.getByRole('button', { name: 'Join and sign in' }).click();
  await expect(other.getByRole('alert')).toContainText('Use at least 12 characters.');
  await other.getByRole('textbox', { name: 'New password' }).fill(password);
  await other.getByRole('button', { name: 'Join and sign in' }).click();
  await expect(other.getByRole('heading', { name: 'Nothing to see here yet' })).toBeVisible();
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'This link was used' })).toBeVisible();
  await other.context().close();

  await page.goto('/admin/users');
  await page.getByRole('searchbox').fill(user.name);
  await apply(page);
  await expect(rows(page, 'Users')).toHaveCount(1);
  await expect(rows(page, 'Users')).toContainText('Active');
});

test('an invitation goes by e-mail, also when the mail server is down at first', async ({ page, startFresh, axe, javaScriptEnabled }) => {
  const mail = await MailServer.start();
  mail.refusal = '451 4.3.0 come back later';
  const fresh = await startFresh('--smtp-url', mail.url);
  await setUp(page, fresh);
  await page.goto(fresh.url);
  await go(page, 'Users');
  await page.getByRole('link', { name: 'Invite user' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Ada Demo');
  await page.getByRole('textbox', { name: 'E-mail address' }).fill('ada@demo.example');
  await expect(page.getByRole('radio', { name: 'By e-mail' })).toBeChecked();
  await axe();
  await page.getByRole('button', { name: 'Invite user' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Ada Demo' })).toBeVisible();
  const says = (text: string) =>
    expect(async () => {
      await page.reload();
      await expect(page.getByText(text)).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 20_000 });
  await says('451: ');
  await axe();
  expect(mail.mails).toEqual([]);
  mail.refusal = '';
  await says('It was sent to ada@demo.example by e-mail');
  await axe();

  const [message] = mail.mails;
  expect(message).toMatchObject({ to: 'ada@demo.example', subject: 'Your invitation to Test Works' });
  expect(message.text).toContain('Test Admin invites you to Test Works.');
  const [link] = message.text.match(/http\S+\/invitation\?code=\w+/)!;
  expect(await page.content()).not.toContain(new URL(link).searchParams.get('code'));
  const other = await elsewhere(page, javaScriptEnabled);
  await other.goto(link);
  await other.getByRole('textbox', { name: 'New password' }).fill(password);
  await other.getByRole('button', { name: 'Join and sign in' }).click();
  await expect(other.getByRole('heading', { name: 'Nothing to see here yet' })).toBeVisible();
  await other.context().close();

  await test.step('a password is reset by e-mail, or by hand', async () => {
    await page.reload();
    await act(page, 'Ada Demo', 'Reset password…');
    await page.getByRole('button', { name: 'Reset password' }).click();
    await says('It was sent to ada@demo.example by e-mail');
    expect(mail.mails.map(({ subject }) => subject)).toEqual(['Your invitation to Test Works', 'Choose a new password for Test Works']);
    await act(page, 'Ada Demo', 'Reset password…');
    await page.getByRole('radio', { name: 'From you' }).check();
    await page.getByRole('button', { name: 'Reset password' }).click();
    await expect(page.getByRole('textbox', { name: 'Link' })).toHaveValue(/\/new-password\?code=/);
  });
  mail.stop();
});

test('an invitation is renewed and withdrawn', async ({ page, signIn, javaScriptEnabled }) => {
  await signIn();
  const user = unique('Test Invited');
  const { path, link } = await invite(page, user);
  await page.goto(path);
  await expect(page.getByText('They have not accepted the invitation yet')).toBeVisible();
  await act(page, user.name, 'Make a new link…');
  await page.getByRole('button', { name: 'Make a new link' }).click();
  const renewed = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  const other = await elsewhere(page, javaScriptEnabled);
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'This link opens nothing' })).toBeVisible();
  await other.goto(renewed);
  await expect(other.getByRole('button', { name: 'Join and sign in' })).toBeVisible();

  await page.goto(path);
  await act(page, user.name, 'Withdraw invitation…');
  await page.getByRole('button', { name: 'Withdraw invitation' }).click();
  await expect(page.getByText('The invitation is withdrawn').first()).toBeAttached();
  await other.reload();
  await expect(other.getByRole('heading', { name: 'This link opens nothing' })).toBeVisible();
  await other.context().close();
});

test('a user is disabled, enabled, signed out and given a new password', async ({ page, signIn, axe, javaScriptEnabled }) => {
  await signIn();
  const user = unique('Test Member');
  const { path, link } = await invite(page, user);
  const other = await elsewhere(page, javaScriptEnabled);
  const join = async (link: string, button: string) => {
    await other.goto(link);
    await other.getByRole('textbox', { name: 'New password' }).fill(password);
    await other.getByRole('button', { name: button }).click();
    await expect(other.getByRole('heading', { name: 'Nothing to see here yet' })).toBeVisible();
  };
  const isOut = async () => {
    await other.goto(new URL('/profile', link).href);
    await expect(other.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  };
  await join(link, 'Join and sign in');

  await page.goto(path);
  await act(page, user.name, 'Disable…');
  await expect(page.getByRole('heading', { name: `Disable ${user.name}?` })).toBeVisible();
  await axe();
  await page.getByRole('textbox', { name: 'Reason' }).fill('Left the team');
  await page.getByRole('button', { name: 'Disable user' }).click();
  await expect(page.getByText('They are disabled')).toBeVisible();
  await axe();
  await isOut();

  await act(page, user.name, 'Enable…');
  await page.getByRole('button', { name: 'Enable user' }).click();
  await expect(page.getByText('The user is enabled').first()).toBeAttached();

  await act(page, user.name, 'Reset password…');
  await page.getByRole('button', { name: 'Reset password' }).click();
  await join(await page.getByRole('textbox', { name: 'Link' }).inputValue(), 'Save and sign in');

  await page.goto(path);
  await act(page, user.name, 'Sign out everywhere…');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page.getByText('The user is signed out everywhere').first()).toBeAttached();
  await isOut();
  await other.context().close();
});

test('nobody disables themselves, and viewers see no actions', async ({ page, signIn, isMobile }) => {
  const admin = await signIn();
  await page.goto(`/admin/users?q=${encodeURIComponent(admin.email)}`);
  await page.getByRole('rowheader').getByRole('link').click();
  await expect(page.getByRole('button', { name: /^Actions for/ })).toHaveCount(0);
  await page.goto(`${page.url()}/disable`);
  await expect(page.getByRole('heading', { name: 'This is you' })).toBeVisible();
  if (isMobile) return; // there the report is not offered
  await page.goto('/admin/users');
  const { name, text } = await download(page, page.getByRole('link', { name: 'Download CSV' }));
  expect(name).toBe('users.csv');
  expect(text).toContain(`${admin.email},active,yes`);
});
