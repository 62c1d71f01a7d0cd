import { register } from '../console';
import { button, of, seen, type State } from '../stage';

/** The secrets of an application. */
export const secrets: State[] = [
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
];
