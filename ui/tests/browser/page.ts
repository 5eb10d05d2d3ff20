import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import type { Settings } from '../../src/backend';
import { findChromium } from '../../scripts/chromium.mjs';
import type { Double, Script } from '../double/backend';

export interface Options {
  script?: Partial<Script>;
  settings?: Partial<Settings>;
  model?: 'large';
  recents?: '1';
  context?: BrowserContextOptions;
  /** The same, spelled as in the address. */
  query?: Record<string, string>;
}

/** A machine that is busy with other things is slow, not wrong. */
const PATIENCE_MS = Number(process.env['PATIENCE_MS'] ?? 60_000);

export interface TestWindow {
  page: Page;
  /** Opens the sample clip and waits for its first picture. */
  openSample(): Promise<void>;
  ask(words: string): Promise<void>;
  /** Runs in the page, on the double. */
  double<T>(work: (double: Double) => T): Promise<Awaited<T>>;
  /** Number of the frame on screen. */
  shownIndex(): Promise<number>;
}

/** Gives each test file a browser, and each test windows that are closed after it. */

export function useWindows(): (options?: Options) => Promise<TestWindow> {
  let browser: Browser;
  let pages: Page[] = [];
  const faults: string[] = [];

  beforeAll(async () => {
    const executablePath = findChromium();
    if (executablePath === null) throw new Error('no Chromium');
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => browser?.close());
  afterEach(async () => {
    for (const page of pages) await page.context().close();
    pages = [];
    // Whatever a test was about, the page must not have stumbled meanwhile.
    expect(faults.splice(0)).toEqual([]);
  });

  return async (options = {}) => {
    const { script, settings, model, recents, context, query: spelled } = options;
    const query = new URLSearchParams({
      ...spelled,
      ...(script === undefined ? {} : { script: JSON.stringify(script) }),
      ...(settings === undefined ? {} : { settings: JSON.stringify(settings) }),
      ...(model === undefined ? {} : { model }),
      ...(recents === undefined ? {} : { recents }),
    });
    const opened = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...context,
    });
    const page = await opened.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    pages.push(page);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(`${inject('address')}?${query}`);
    await page.waitForFunction(() => window.double?.calls.includes('ready'));
    const picture = page.locator('.screen .picture');
    return {
      page,
      async openSample() {
        await page.getByRole('button', { name: 'Try the sample' }).click();
        await page.locator('.picture[data-exact=true]').waitFor();
        await page.getByText(/^Frame \d/u).waitFor();
      },
      async ask(words) {
        await page.locator('[data-question]').fill(words);
        await page.keyboard.press('Enter');
      },
      double: (work) => page.evaluate(`(${work.toString()})(window.double)`) as never,
      async shownIndex() {
        return Number(await picture.getAttribute('data-index'));
      },
    };
  };
}
