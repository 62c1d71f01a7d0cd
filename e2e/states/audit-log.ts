import { at, button, seen, type State } from '../stage';

/** The audit log. */
export const auditLog: State[] = [
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
];
