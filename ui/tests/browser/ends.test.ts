import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWindows } from './page';

// Nothing is shown for longer than it is true, whatever the page was not told.

const open = useWindows();

const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);

test('a model that is loaded is shown so, also where its last event is lost', async () => {
  const window = await open();
  const { page } = window;
  await page.getByRole('button', { name: /^Model and device/u }).click();
  await window.double((double) => {
    const emit = double.emit.bind(double);
    double.emit = (event) => {
      if (event.kind === 'model' && event.state.kind === 'ready') {
        const { state } = event;
        double.modelState = () => Promise.resolve(state);
      } else emit(event);
    };
  });
  await page.getByRole('button', { name: 'Load', exact: true }).first().click();
  await page
    .getByRole('listitem', { name: /Vicuna 7B/u })
    .getByText('In use')
    .waitFor();
});

test('what the model looked at before the choice changed is not what it looked at', async () => {
  const window = await open({ model: 'large' });
  const { page } = window;
  await window.double((double) => {
    const plain = double as unknown as { release: () => void };
    double.prepare = () => new Promise((resolve) => (plain.release = resolve));
  });
  await window.openSample();
  await expect.poll(() => window.double((double) => 'release' in double)).toBe(true);
  const strip = (await page.locator('.strip').boundingBox())!;
  const x = (share: number) => strip.x + strip.width * share;
  const before = await window.double((double) => double.calls.filter((call) => call === 'plan').length);
  await page.mouse.move(x(0.3), strip.y + 20);
  await page.mouse.down();
  await page.mouse.move(x(0.6), strip.y + 20, { steps: 5 });
  await expect
    .poll(() => window.double((double) => double.calls.filter((call) => call === 'plan').length))
    .toBeGreaterThan(before);
  await page.locator('.cost:not(.stale)').waitFor();
  // While the pointer holds the range nothing new is begun.
  await window.double((double) => (double as unknown as { release: () => void }).release());
  await page.evaluate(() => new Promise((done) => setTimeout(done)));
  expect(await page.getByText('The model has looked at these frames').count()).toBe(0);
  await page.mouse.up();
});

test('a video that is closed while somebody drags lets the program go on', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  const ruler = (await page.locator('.ruler').boundingBox())!;
  await page.mouse.move(ruler.x + 50, ruler.y + 10);
  await page.mouse.down();
  await page.mouse.move(ruler.x + 90, ruler.y + 10);
  await window.double((double) =>
    double.emit({ kind: 'opened', videos: [{ ...double.video, id: 'b', name: 'other.mp4' }] }),
  );
  await page.getByRole('heading', { name: 'other.mp4' }).waitFor();
  const told = () =>
    window.double((double) => double.calls.filter((call) => call.startsWith('setScrubbing')));
  await expect.poll(async () => (await told()).at(-1)).toBe('setScrubbing false');
  await page.mouse.up();
});

test('a hint to drop goes once something was dropped, or the pointer moves', async () => {
  const window = await open();
  const { page } = window;
  const hint = page.getByText('Drop to open');
  await window.double((double) => double.emit({ kind: 'drag', is_over: true }));
  await hint.waitFor();
  await page.mouse.move(200, 200);
  await page.mouse.move(210, 210);
  await expect.poll(() => hint.count()).toBe(0);
  await window.double((double) => double.emit({ kind: 'drag', is_over: true }));
  await hint.waitFor();
  await window.double((double) => double.emit({ kind: 'opened', videos: [double.video] }));
  await expect.poll(() => hint.count()).toBe(0);
});

test('frames that cannot be counted are not counted for ever, and can be once more', async () => {
  const window = await open();
  const { page } = window;
  await window.double((double) => {
    const { frameTimes } = double;
    double.frameTimes = () => {
      double.frameTimes = frameTimes;
      return Promise.reject({ code: 'unknown', message: 'the file ends too early', hint: null });
    };
  });
  await page.getByRole('button', { name: 'Try the sample' }).click();
  const again = page.getByRole('button', {
    name: /^The frames could not be counted: the file ends too early/u,
  });
  await again.waitFor();
  expect(await page.getByText('Counting frames').count()).toBe(0);
  await again.click();
  await page.locator('.frame', { hasText: /^\s*Frame \d/u }).waitFor();
});

test('what an earlier answer was given is marked as long as the panel says so', async () => {
  const window = await open({ model: 'large', script: { answer: 'ok' }, settings: { shows_sees: true } });
  await window.openSample();
  const { page } = window;
  await window.ask('What happens?');
  await page.locator('.facts').click();
  await page.getByRole('radio', { name: /^Fast/u }).check({ force: true });
  const n_marks = () => page.locator('[data-mark]').count();
  await expect.poll(n_marks).toBe(6);
  await page.getByRole('button', { name: 'Show exactly what it saw' }).click();
  await page.getByText('As it was for').waitFor();
  await expect.poll(n_marks).toBe(16);
  // Its own count is told by the panel; that of the choice would be another one.
  expect(await page.locator('.foot .cost').count()).toBe(0);
  await page.locator('.sees').getByRole('button', { name: 'Close' }).click();
  await expect.poll(n_marks).toBe(6);
  await page.locator('.foot .cost').getByText('6 frames').waitFor();
});

test('a conversation that could not be read can be read once more', async () => {
  const window = await open({ script: { answer: 'ok' } });
  const { page } = window;
  await window.double((double) => {
    const { newChat } = double;
    double.newChat = () => {
      double.newChat = newChat;
      return Promise.reject({ code: 'disk-full', message: 'The disk is full', hint: null });
    };
  });
  await window.openSample();
  await page.getByText('The disk is full').first().waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => page.getByText('The disk is full').count()).toBe(0);
  await window.ask('Now');
  await page.locator('.words', { hasText: 'ok' }).waitFor();
});

test('the focus is never lost to the page when what has it goes away', async () => {
  const window = await open({ recents: '1', script: { answer: 'ok' }, settings: { shows_sees: true } });
  const { page } = window;
  // A question that is asked in its place, and answered by key.
  await page.getByRole('button', { name: /^Forget Kitchen/u }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('alertdialog').waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent.trim())).toBe('Cancel');
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('alertdialog').count()).toBe(0);
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toMatch(/^Forget Kitchen/u);

  // A video that is forgotten.
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Forget this video' }).press('Enter');
  await expect.poll(() => page.getByRole('button', { name: /^Forget Kitchen/u }).count()).toBe(0);
  await expect.poll(() => focused(page)).not.toBe('BODY');

  // The panel, by its own button.
  await window.openSample();
  await page.locator('.sees').getByRole('button', { name: 'Close' }).press('Enter');
  await expect.poll(() => page.locator('.sees header').count()).toBe(0);
  await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toContain('workspace');

  // A conversation that is deleted, and a notice that goes.
  await window.ask('One');
  await page.locator('.words', { hasText: 'ok' }).waitFor();
  await page.getByRole('button', { name: /^Conversations about this video/u }).click();
  await page.getByRole('button', { name: 'Delete this conversation' }).press('Enter');
  await page.getByRole('button', { name: 'Undo' }).waitFor();
  await expect.poll(() => focused(page)).not.toBe('BODY');
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect.poll(() => page.locator('.notice').count()).toBe(0);
  await expect.poll(() => focused(page)).not.toBe('BODY');
});
