import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import type { Settings } from '../../src/backend';
import { findChromium } from '../../scripts/chromium.mjs';
import type { Double, Script } from '../double/backend';
import type { Point } from '../double/pace';

export interface Options {
  script?: Partial<Script>;
  settings?: Partial<Settings>;
  model?: 'large';
  recents?: '1';
  context?: BrowserContextOptions;
  /** The page's clock stands still but for `pass`: for what goes by itself, or counts how quickly keys follow. */
  has_stopped_clock?: boolean;
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
  /** From now on the double passes the point `n` times, and then stands still there. */
  hold(point: Point, n?: number): Promise<void>;
  /** Lets it pass `n` times more, or from now on always. */
  go(point: Point, n?: number): Promise<void>;
  /** Lets a stopped clock go on. */
  pass(ms: number): Promise<void>;
  /** Number of the frame on screen. */
  shownIndex(): Promise<number>;
}

/** Resolves once nothing is on its way by itself: letters, and what changes its colour or place. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const nextPicture = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let still = 0; still < 2; still += 1) {
      await nextPicture();
      const moving = document.getAnimations().filter((one) => one.playState === 'running');
      if (moving.length > 0) still = 0;
      await Promise.all(moving.map((one) => one.finished.catch(() => null)));
    }
  });
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
    const { script, settings, model, recents, context, has_stopped_clock, query: spelled } = options;
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
    if (has_stopped_clock === true) {
      await page.clock.install();
      await page.clock.pauseAt(Date.now() + 1000);
    }
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
      hold: (point, n) =>
        page.evaluate(([at, times]) => window.double.pace.hold(at, times), [point, n] as const),
      go: (point, n) => page.evaluate(([at, times]) => window.double.pace.go(at, times), [point, n] as const),
      pass: (ms) => page.clock.runFor(ms),
      async shownIndex() {
        return Number(await picture.getAttribute('data-index'));
      },
    };
  };
}
