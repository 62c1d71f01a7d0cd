import { expect, test } from './fixtures';
import { states } from './states';

for (const { name, show } of states) {
  test(name, async ({ page, context, signIn, startFresh, axe }) => {
    await show({ page, context, signIn, fresh: startFresh });
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    const width = await page.evaluate(() => document.scrollingElement!.scrollWidth);
    expect(width, 'the page is no wider than the window').toBeLessThanOrEqual(page.viewportSize()!.width);
    await axe();
  });
}
