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
    const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
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
