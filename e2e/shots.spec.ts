import { test } from './fixtures';
import { states } from './states';

test.describe.configure({ mode: 'parallel' }); // or one worker alone would have the whole file

for (const { name, show } of states) {
  test(name, async ({ page, context, signIn, startFresh, shoot }) => {
    await show({ page, context, signIn, fresh: startFresh });
    await shoot(name);
  });
}
