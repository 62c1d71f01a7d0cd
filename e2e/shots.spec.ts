import { test } from './fixtures';
import { states } from './states';

for (const { name, show } of states) {
  test(name, async ({ page, context, signIn, startFresh, shoot }) => {
    await show({ page, context, signIn, fresh: startFresh });
    await shoot(name);
  });
}
