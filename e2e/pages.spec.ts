import { expect, test as base } from './fixtures';
import { states } from './states';

// In workers of their own, whose demo no walk has changed.
const test = base.extend<object, { own: undefined }>({
  judged: true,
  own: [async ({}, use) => use(undefined), { scope: 'worker' }],
});
test.describe.configure({ mode: 'parallel' }); // or one worker alone would have the whole file

// Each state is brought about once and looked at twice, as the project shows it and then the other way round: what a
// page is made of is judged at the first look, what colours and sizes do to it at both.
for (const { name, show } of states) {
  test(name, async ({ page, context, signIn, startFresh, axe, colorScheme, isMobile }) => {
    const fits = async () => {
      const width = await page.evaluate(() => document.scrollingElement!.scrollWidth);
      expect(width, 'the page is no wider than the window').toBeLessThanOrEqual(page.viewportSize()!.width);
    };
    await show({ page, context, signIn, fresh: startFresh });
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await fits();
    await axe();

    await page.emulateMedia({ colorScheme: colorScheme === 'dark' ? 'light' : 'dark' });
    await page.setViewportSize(isMobile ? { width: 1440, height: 900 } : { width: 390, height: 844 });
    await page.evaluate(() => {
      // Colours fade over, and what inherits them after them.
      for (let fading; (fading = document.getAnimations()).length; ) for (const fade of fading) fade.finish();
    });
    await fits();
    await axe('color-contrast', 'target-size');
  });
}
