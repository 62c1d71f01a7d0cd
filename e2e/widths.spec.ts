import { register } from './console';
import { expect, test } from './fixtures';

const unbroken = 'W'.repeat(80); // the longest name, and no place to break it

test('names as long as may be leave every page as wide as its window', async ({ page, signIn, javaScriptEnabled }, { project }) => {
  test.skip(!javaScriptEnabled || !project.name.endsWith('light'), 'colours and script change no width');
  await signIn();
  const { path } = await register(page, unbroken, { templates: { audit: 'admin' } });
  const parts = ['', '/edit', '/scopes', '/permissions', '/access', '/owners', '/networks', '/test', '/regenerate', '/secrets/new', '/disable', '/delete'];
  const lists = ['/admin/applications', '/admin/audit-log', '/admin/users', '/admin/permissions/audit', '/admin/settings/credentials'];
  for (const width of project.name.startsWith('phone') ? [390] : [1440, 1041, 769]) {
    await page.setViewportSize({ width, height: 800 });
    for (const address of [...parts.map((part) => path + part), ...lists]) {
      await page.goto(address);
      const wider = await page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('.table-wrap')].map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
      );
      expect.soft(Math.max(...wider), `${address} at ${width}`).toBeLessThanOrEqual(0);
    }
    await page.goto(`/admin/applications?q=${unbroken}`);
    await expect(page.getByRole('button', { name: `Actions for ${unbroken}` })).toBeInViewport({ ratio: 1 });
  }
});
