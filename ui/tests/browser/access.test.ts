import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { STATES } from '../../scripts/states.mjs';
import { settled, useWindows } from './page';

const open = useWindows();

/** What axe finds at the levels that keep somebody out. */
async function offences(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const found = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      resultTypes: ['violations'],
    });
    return found.violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .flatMap((one) =>
        one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
      );
  });
}

// The states that differ most from each other; `npm run screens` has them all.
const NAMES = [
  ...[
    'start-first',
    'start-recents',
    'start-error',
    'open-embedded',
    'range',
    'sees',
    'sees-updating',
    'sees-error',
    'sees-frame',
  ],
  ...[
    'waiting',
    'answered',
    'evidence',
    'multiple-choice',
    'answer-failed',
    'forgot',
    'models-refused',
    'help',
  ],
  ...['go-to', 'menu', 'narrow', 'conversations', 'picture-menu', 'sees-fast'],
  ...['shop', 'shop-licence', 'shop-downloading', 'shop-failed', 'shop-ready', 'models-remove'],
  ...['start-downloading', 'offer', 'offer-downloading', 'offer-ready'],
  ...['narrow-both-sees', 'waiting-questions', 'too-long', 'chat-list'],
];

test.each(NAMES)('axe finds nothing serious, dark and light: %s', async (name) => {
  const state = STATES[name];
  if (state === undefined) throw new Error(`no state ${name}`);
  const { page } = await open({
    query: state.options ?? {},
    context: { colorScheme: 'dark', viewport: state.size ?? { width: 1280, height: 800 } },
  });
  await state.make?.(page);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`:root[data-theme=${colorScheme}]`).waitFor();
    await settled(page);
    expect(await offences(page), colorScheme).toEqual([]);
  }
});

test('every control in the workspace can be reached by Tab, shows it, and has a name', async () => {
  const window = await open({ model: 'large', settings: { shows_sees: true } });
  await window.openSample();
  const { page } = window;
  // From wherever the focus is, over the end of the page and round to where it began.
  const seen: string[] = [];
  let n_ends = 0;
  for (let press = 0; press < 200 && n_ends < 2; press++) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const style = getComputedStyle(element);
      const ring = element.matches('input[type=radio]')
        ? getComputedStyle(element.closest('label')!).outlineStyle
        : element.matches('textarea')
          ? getComputedStyle(element.closest('.field')!).boxShadow
          : style.outlineStyle;
      const name = element.getAttribute('aria-label') ?? element.textContent.trim();
      return { tag: element.tagName, name, has_ring: ring !== 'none' };
    });
    if (now.tag === 'BODY') {
      n_ends += 1;
      continue;
    }
    expect(now.has_ring, `${now.tag} ${now.name} shows the focus`).toBe(true);
    expect(now.name, `${now.tag} has a name`).not.toBe('');
    seen.push(now.name);
  }
  expect(n_ends).toBe(2);
  const controls = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, select, textarea, summary, [role=slider]')]
      .filter((one) => one.tabIndex === 0 && !one.matches(':disabled') && one.offsetParent !== null)
      .map((one) => one.getAttribute('aria-label') ?? one.textContent.trim()),
  );
  expect(controls.length).toBeGreaterThan(30);
  for (const name of [...controls, 'Menu', 'Position', 'Play', 'Ask about this video']) {
    expect(seen).toContain(name);
  }
});
