import { defineConfig, type PlaywrightTestOptions, type Project } from '@playwright/test';

const screens: Record<string, Partial<PlaywrightTestOptions>> = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

// desktop-light, desktop-light-noscript, … phone-dark-noscript walk the console; shots-desktop-light, … picture it.
const scenes: Project[] = Object.entries(screens).flatMap(([screen, use]) =>
  (['light', 'dark'] as const).flatMap((colorScheme): Project[] => {
    const name = `${screen}-${colorScheme}`;
    const [pages, shots] = ['pages.spec.ts', 'shots.spec.ts'];
    return [
      { name, testIgnore: shots, use: { ...use, colorScheme } },
      { name: `${name}-noscript`, testIgnore: [pages, shots], use: { ...use, colorScheme, javaScriptEnabled: false } },
      { name: `shots-${name}`, testMatch: shots, use: { ...use, colorScheme } },
    ];
  }),
);

export default defineConfig({
  testDir: '.',
  globalSetup: './global-setup.ts',
  outputDir: 'test-results',
  projects: scenes,
  workers: 2,
  retries: process.env.CI ? 1 : 0, // CI machines are shared and stall; a report names what was flaky
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  use: {
    actionTimeout: 10_000,
    locale: 'en-GB',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      // Chromium without its windows, which take as long again as the pages.
      executablePath: '/usr/bin/chromium-headless-shell',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // All pages are the console's, or of programs that trust it: one process shows them, and draws them too.
        '--process-per-site',
        '--in-process-gpu',
        // A page is gone before optimized code pays for the time it takes to compile, of axe's most of all.
        '--js-flags=--no-opt,--no-maglev',
      ],
    },
  },
});
