import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWindows } from './page';

const open = useWindows();
const SIZES = [
  { width: 700, height: 500 },
  { width: 800, height: 600 },
  { width: 900, height: 700 },
];

const conversation = (page: Page) => page.getByRole('button', { name: 'Conversation', exact: true });
const sees = (page: Page) => page.getByRole('button', { name: 'What the model sees', exact: true });
const panel = (page: Page) => page.getByRole('region', { name: 'What the model sees' });
const tab = (page: Page, name: string) => page.getByRole('tab', { name });

/** What of these lies beyond the window, or beneath what is in the way. */
async function hidden(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).evaluateAll((all) =>
    all.flatMap((one) => {
      const { left, top, width, height } = one.getBoundingClientRect();
      const above = document.elementFromPoint(left + width / 2, top + height / 2);
      const is_seen = above !== null && (one.contains(above) || above.contains(one));
      return is_seen && left >= 0 && left + width <= innerWidth ? [] : [one.ariaLabel ?? one.textContent];
    }),
  );
}

test.each(SIZES)(
  'in a narrow window the conversation and what the model sees are one press apart: %o',
  async (viewport) => {
    const window = await open({ script: { answer: 'It turns blue.' } });
    await window.openSample();
    const { page } = window;
    await page.setViewportSize(viewport);
    await conversation(page).click();
    await sees(page).click();
    await panel(page).locator('canvas.there').first().waitFor();
    expect(await sees(page).getAttribute('aria-pressed')).toBe('true');
    expect(await conversation(page).getAttribute('aria-pressed')).toBe('false');
    const controls = '[data-question], .send, .sees header button, .offers label, .sees select, [role=tab]';
    expect(await hidden(page, controls)).toEqual([]);

    // What is asked beside the panel is seen to be answered.
    await window.ask('What happens?');
    await page.locator('.words', { hasText: 'It turns blue.' }).waitFor();
    expect(await panel(page).count()).toBe(0);
    expect(await sees(page).getAttribute('aria-pressed')).toBe('false');
    await tab(page, 'Conversation').focus();
    await page.keyboard.press('ArrowRight');
    await panel(page).waitFor();
    await expect.poll(() => page.locator('.words').isVisible()).toBe(false);
    await tab(page, 'Conversation').click();
    await expect.poll(() => page.locator('.words').isVisible()).toBe(true);

    // Each is put away by itself, and what is left needs no switch.
    await sees(page).click();
    await panel(page).getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => page.getByRole('tab').count()).toBe(0);
    await expect.poll(() => page.locator('.words').isVisible()).toBe(true);
    await sees(page).click();
    await tab(page, 'Conversation').click();
    await conversation(page).click();
    await panel(page).waitFor();
    expect(await page.getByRole('tab').count()).toBe(0);
    expect(await hidden(page, '.sees header button, .offers label, .sees select, .controls button')).toEqual(
      [],
    );
  },
);
