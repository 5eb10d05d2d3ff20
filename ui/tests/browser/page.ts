import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import type { Settings } from '../../src/backend';
import type { Double, Script } from '../double/backend';
import type { Point } from '../double/pace';
import { Tabs, type Surroundings } from './tabs';

export interface Options {
  script?: Partial<Script>;
  settings?: Partial<Settings>;
  model?: 'large';
  recents?: '1';
  context?: Omit<Surroundings, 'has_stopped_clock'>;
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
  let tabs: Tabs;

  beforeAll(async () => {
    tabs = await Tabs.launch(PATIENCE_MS);
  });
  afterAll(async () => tabs?.close());
  afterEach(async ({ task }) => {
    await tabs.takeBack(task.result?.state === 'pass');
    // Whatever a test was about, the page must not have stumbled meanwhile.
    expect(tabs.takeFaults()).toEqual([]);
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
    const page = await tabs.take({ ...context, has_stopped_clock: has_stopped_clock ?? false });
    await page.goto(`${inject('address')}?${query}`);
    await page.waitForFunction(() => window.double?.calls.includes('ready'));
    const picture = page.locator('.screen .picture');
    return {
      page,
      async openSample() {
        await page.getByRole('button', { name: 'Try the sample' }).click();
        await page.locator('.picture[data-exact=true]').waitFor();
        await page.locator('.frame', { hasText: /^\s*Frame \d/u }).waitFor();
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
