import { expect, test } from 'vitest';
import { useWindows } from './page';

const open = useWindows();

test('every speed stands whole in its place', async () => {
  const window = await open();
  await window.openSample();
  const clipped = await window.page.getByLabel(/^Speed:/u).evaluate((element) => {
    const select = element as HTMLSelectElement;
    const style = getComputedStyle(select);
    const context = document.createElement('canvas').getContext('2d')!;
    context.font = style.font;
    // WebKit keeps some pixels beside the words for itself.
    const KEPT_PX = 5;
    const padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
    const room = select.clientWidth - padding - KEPT_PX;
    return [...select.options].map((one) => one.text).filter((one) => context.measureText(one).width > room);
  });
  expect(clipped).toEqual([]);
});

test('nothing lies over the words of a question, and questions are told from answers by their place', async () => {
  const window = await open({ script: { answer: 'It turns blue.' } });
  await window.openSample();
  const { page } = window;
  await window.ask(
    'Which of the shapes that move across the picture in this clip turns blue, and when does it?',
  );
  await page.locator('.facts').waitFor();
  await page.locator('article').hover();
  const question = (await page.locator('article .question').boundingBox())!;
  const edit = (await page.getByRole('button', { name: 'Edit and ask again' }).boundingBox())!;
  const answer = (await page.locator('article .words').boundingBox())!;
  expect(edit.x + edit.width <= question.x || edit.x >= question.x + question.width).toBe(true);
  expect(question.x - answer.x).toBeGreaterThan(24);
});

test('what is written from right to left is set so: in the field, in questions, and in answers', async () => {
  const answer = 'הכוכב נעשה כחול ב-0:04.\n\n- ראשית\n- שנית\n\nAnd in English.';
  const window = await open({ script: { answer } });
  await window.openSample();
  const { page } = window;
  const direction = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((one) => getComputedStyle(one).direction);
  await page.locator('[data-question]').fill('מתי הכוכב נעשה כחול?');
  expect(await direction('[data-question]')).toBe('rtl');
  await page.keyboard.press('Enter');
  await page.locator('.facts').waitFor();
  expect(await direction('article .question p')).toBe('rtl');
  expect(await direction('article .words')).toBe('rtl');
  // Its first letter is at the right edge, and the bullets are.
  const words = (await page.locator('article .words').boundingBox())!;
  const right = await page
    .locator('article .words li')
    .first()
    .evaluate((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return range.getBoundingClientRect().right;
    });
  expect(words.x + words.width - right).toBeLessThan(40);
  await window.ask('And in English?');
  await expect.poll(() => page.locator('article').count()).toBe(2);
  expect(
    await page
      .locator('article .question p')
      .nth(1)
      .evaluate((one) => getComputedStyle(one).direction),
  ).toBe('ltr');
});

test.each(['dark', 'light'] as const)(
  'what lies beside the picture is near black: %s',
  async (colorScheme) => {
    const window = await open({ context: { colorScheme } });
    await window.openSample();
    const lightness = await window.page.locator('.screen').evaluate((one) => {
      const context = document.createElement('canvas').getContext('2d')!;
      context.fillStyle = getComputedStyle(one).backgroundColor;
      context.fillRect(0, 0, 1, 1);
      return Math.max(...context.getImageData(0, 0, 1, 1).data.slice(0, 3));
    });
    expect(lightness).toBeLessThan(24);
  },
);

test('the size of the words follows the setting, and the system’s', async () => {
  const window = await open({ settings: { text_size: 'normal' } });
  await window.openSample();
  const { page } = window;
  const size = () =>
    page.locator('[data-question]').evaluate((one) => parseFloat(getComputedStyle(one).fontSize));
  const normal = await size();
  await page.keyboard.press('Control+=');
  await page.getByText('Text size: large').first().waitFor();
  await expect.poll(size).toBeCloseTo(normal * 1.15, 1);
  await page.keyboard.press('Control+-');
  await expect.poll(size).toBeCloseTo(normal, 1);
  await page.keyboard.press('Control+-');
  await expect.poll(size).toBeCloseTo(normal * 0.92, 1);
  // The system's own, as web views have it.
  await page.keyboard.press('Control+=');
  await page.addStyleTag({ content: ':root { font-size: 20px }' });
  await expect.poll(size).toBeCloseTo(normal * 1.25, 1);
});

test('the conversation has its place beside the picture in a small window, and covers nothing of it', async () => {
  const window = await open({ context: { viewport: { width: 740, height: 480 } } });
  await window.openSample();
  const { page } = window;
  await page.getByRole('button', { name: 'Conversation', exact: true }).click();
  const chat = (await page.locator('.workspace > .right').boundingBox())!;
  await expect
    .poll(async () => {
      const picture = (await page.locator('.screen .picture').boundingBox())!;
      return picture.x + picture.width <= chat.x || picture.y + picture.height <= chat.y;
    })
    .toBe(true);
  const controls = (await page.locator('.controls').boundingBox())!;
  expect(chat.y + chat.height).toBeLessThanOrEqual(controls.y + 1);
  expect(controls.width).toBe(740);
});

test('evidence comes into sight when it is opened', async () => {
  const window = await open({
    script: { answer: 'Words.' },
    context: { viewport: { width: 1280, height: 560 } },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('First');
  await page.locator('.facts').first().waitFor();
  await window.ask('Second');
  await page.locator('.facts').nth(1).click();
  await page.locator('.evidence canvas.there').waitFor();
  const hidden_px = async () => {
    const list = (await page.locator('.list').boundingBox())!;
    const evidence = (await page.locator('.evidence').boundingBox())!;
    const seen = Math.min(list.y + list.height, evidence.y + evidence.height) - Math.max(list.y, evidence.y);
    return Math.min(list.height, evidence.height) - seen;
  };
  await expect.poll(hidden_px).toBeLessThan(2);
});

test('what is alike is not said five times, and what Auto comes to is told from a choice', async () => {
  const window = await open({ settings: { shows_sees: true } });
  await window.openSample();
  const offers = window.page.locator('.offers');
  await offers.getByText('Auto, now Balanced').waitFor();
  expect(await offers.textContent()).not.toContain('~');
});

test('frames beyond the edge are hinted, until the end is in sight', async () => {
  const window = await open({ model: 'large', settings: { shows_sees: true, preset: 'paper' } });
  await window.openSample();
  const scroll = window.page.locator('.frames .scroll');
  await expect.poll(() => scroll.evaluate((one) => one.className)).toMatch(/\bafter\b/u);
  await scroll.evaluate((one) => (one.scrollLeft = one.scrollWidth));
  await expect.poll(() => scroll.evaluate((one) => one.className)).not.toMatch(/\bafter\b/u);
  await expect.poll(() => scroll.evaluate((one) => one.className)).toMatch(/\bbefore\b/u);
});

test('a thumbnail alone leaves the panel to its frames, each a way to its moment', async () => {
  const window = await open({ model: 'large', settings: { shows_sees: true, preset: 'fast' } });
  await window.openSample();
  const { page } = window;
  const cells = page.locator('.cells button');
  await expect.poll(() => cells.count()).toBe(6);
  await expect
    .poll(() =>
      cells.nth(2).evaluate((cell) => {
        const canvas = cell.querySelector('canvas')!;
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value) => value > 0);
      }),
    )
    .toBe(true);
  await cells.nth(2).hover();
  await expect.poll(() => page.locator('[data-mark].pointed').count()).toBe(1);
  const index = Number(await page.locator('[data-mark].pointed').getAttribute('data-mark'));
  await cells.nth(2).click();
  await expect.poll(() => window.shownIndex()).toBe(index);
});

test('files that are added are listed, and the focus is on them', async () => {
  const window = await open({ script: { has_only_embedded: true } });
  const { page } = window;
  await page.getByRole('button', { name: /^Model and device/u }).click();
  await page.getByRole('button', { name: 'Add a folder…' }).click();
  const added = page.getByRole('listitem').filter({ hasText: 'LLaVA 1.6 Vicuna 7B' });
  await added.waitFor();
  await expect.poll(() => added.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.getByText('Weights', { exact: true }).waitFor();
});

test('the picture has a menu of its own, by pointer and by key', async () => {
  // A note over the picture goes by itself.
  const window = await open({ has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => window.shownIndex()).toBe(125);
  const picture = page.locator('.screen .picture');
  const menu = page.getByRole('menu', { name: 'This picture' });
  await picture.click({ button: 'right' });
  await menu.getByRole('menuitem', { name: 'Copy picture' }).click();
  await expect.poll(() => window.double((double) => double.calls)).toContain('copyFrame 125');
  await page.locator('.screen .note').getByText('Picture copied').waitFor();
  await expect.poll(() => menu.count()).toBe(0);

  await picture.click({ button: 'right' });
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByText('1 pinned').waitFor();
  await picture.click({ button: 'right' });
  await menu.getByRole('menuitem', { name: 'Unpin this frame' }).waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => menu.count()).toBe(0);
  await picture.click({ button: 'right', position: { x: 5, y: 5 } });
  await menu.getByRole('menuitem', { name: 'Ask about this frame only' }).click();
  await page.getByPlaceholder('Ask about the frame at 0:05.000').waitFor();
});
