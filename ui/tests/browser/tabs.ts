import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.mjs';

/** What a tab is besides what the page makes of it. */
export interface Surroundings {
  viewport?: { width: number; height: number };
  colorScheme?: 'dark' | 'light';
  has_stopped_clock?: boolean;
}

const SIZE = { width: 1280, height: 800 };

/**
 * Tabs of one browser, each as if it was new. A new one takes longer than most tests, so one that was given back is
 * given out again, with nothing in it of what was there before.
 */
export class Tabs {
  #browser: Browser;
  #patience_ms: number;
  #used: { page: Page; has_stopped_clock: boolean }[] = [];
  #kept: { page: Page; has_stopped_clock: boolean }[] = [];
  /** What pages have complained about since it was asked for. */
  #faults: string[] = [];

  private constructor(browser: Browser, patience_ms: number) {
    this.#browser = browser;
    this.#patience_ms = patience_ms;
  }

  static async launch(patience_ms: number): Promise<Tabs> {
    const executablePath = findChromium();
    if (executablePath === null) throw new Error('no Chromium');
    // Without a graphics card it would be imitated, which takes longer than drawing by the processor.
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    return new Tabs(browser, patience_ms);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  takeFaults(): string[] {
    return this.#faults.splice(0);
  }

  async take({
    viewport = SIZE,
    colorScheme = 'light',
    has_stopped_clock = false,
  }: Surroundings): Promise<Page> {
    const kept = this.#kept.findIndex((one) => one.has_stopped_clock === has_stopped_clock);
    const [tab = { page: await this.#open(has_stopped_clock), has_stopped_clock }] =
      kept < 0 ? [] : this.#kept.splice(kept, 1);
    this.#used.push(tab);
    const { page } = tab;
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    return page;
  }

  async #open(has_stopped_clock: boolean): Promise<Page> {
    const context = await this.#browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(this.#patience_ms);
    page.on('pageerror', (error) => this.#faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#faults.push(message.text());
    });
    if (has_stopped_clock) {
      await page.clock.install();
      await page.clock.pauseAt(Date.now() + 1000);
    }
    return page;
  }

  /** Takes back all that were given out; `is_sound` unless something went wrong in them. */
  async takeBack(is_sound: boolean): Promise<void> {
    for (const tab of this.#used.splice(0)) {
      const context = tab.page.context();
      if (!is_sound || tab.page.isClosed()) {
        await context.close();
        continue;
      }
      for (const other of context.pages()) if (other !== tab.page) await other.close();
      await tab.page.evaluate(() => localStorage.clear());
      await tab.page.goto('about:blank');
      // The pointer rests nowhere.
      await tab.page.mouse.up();
      await tab.page.mouse.move(-1, -1);
      this.#kept.push(tab);
    }
  }
}
