import { expect, test } from 'vitest';
import { useWindows } from './page';

const open = useWindows();

test('? shows the keys that players share, and puts them away', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await help.waitFor();
  const keysOf = (what: string) =>
    help
      .locator('dt', { hasText: new RegExp(`^${what}$`, 'u') })
      .locator('xpath=following-sibling::dd[1]')
      .locator('kbd')
      .allTextContents();
  await expect.poll(() => keysOf('Next frame')).toEqual(['.']);
  expect(await keysOf('Previous frame')).toEqual([',']);
  expect(await keysOf('Play or pause')).toEqual(['Space', 'K']);
  expect(await keysOf('Range starts here')).toEqual(['I']);
  expect(await keysOf('Save frame as picture…')).toEqual(['C', 'S']);
  await page.keyboard.press('?');
  await expect.poll(() => help.count()).toBe(0);
});

test('F fills the screen with the picture, Escape takes it back', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('f');
  await page.getByRole('button', { name: 'Leave full screen' }).waitFor();
  await expect.poll(() => page.locator('header, [data-question]').count()).toBe(0);
  await expect.poll(() => window.double((double) => double.calls)).toContain('setFullScreen true');
  await page.keyboard.press('Escape');
  await page.locator('[data-question]').waitFor();
  await expect.poll(() => window.double((double) => double.calls)).toContain('setFullScreen false');
});

test('a scroll that comes when the conversation has left the page is no fault', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  const list = await page.locator('.chat .list').elementHandle();
  await window.double((double) => double.emit({ kind: 'command', command: 'go-start' }));
  await page.getByRole('heading', { name: 'Ask a video' }).waitFor();
  await list?.evaluate((one) => one.dispatchEvent(new Event('scroll')));
});

test('saving a frame saves the one on screen, and says under which name', async () => {
  const window = await open();
  await window.openSample();
  const { page } = window;
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => window.shownIndex()).toBe(125);
  await page.keyboard.press('c');
  await page.getByText('Saved frame-0000125-5.000s.png').first().waitFor();
});

test('of several videos the first is shown, and the others are told of', async () => {
  const window = await open();
  const { page } = window;
  await window.double((double) =>
    double.emit({
      kind: 'opened',
      videos: [double.video, { ...double.video, id: 'b' }, { ...double.video, id: 'c' }],
    }),
  );
  await page.getByText('2 more videos are on the first page').first().waitFor();
  await page.locator('.picture[data-exact=true]').waitFor();
});

test('while a file is being opened the start page says so and stays usable', async () => {
  const window = await open({ script: { holds: { open: 0 } } });
  const { page } = window;
  await page.getByRole('button', { name: 'Try the sample' }).click();
  await page.getByRole('button', { name: 'Opening…' }).waitFor();
  await page.getByRole('button', { name: /^Model and device/u }).click();
  await page.getByRole('dialog', { name: 'Model and device' }).waitFor();
});

test('what does not fit says so and offers what does', async () => {
  const window = await open({ model: 'large', script: { n_context: 2048 }, settings: { preset: 'paper' } });
  await window.openSample();
  const { page } = window;
  await page
    .getByText(/do not fit into the 2048 positions/u)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Use Fast, 576 tokens' }).click();
  await expect.poll(() => page.getByText(/do not fit/u).count()).toBe(0);
  await expect.poll(() => page.locator('[data-mark]').count()).toBe(6);
});

test('a worker that ended is told of with its reason, and nothing else is lost', async () => {
  const window = await open({ script: { answer: 'kept' } });
  await window.openSample();
  const { page } = window;
  await window.ask('Question');
  await page.locator('.words', { hasText: 'kept' }).waitFor();
  await window.double((double) =>
    double.emit({
      kind: 'worker-ended',
      role: 'media',
      error: { code: 'worker-ended', message: 'it was ended by signal 9', hint: null },
    }),
  );
  await page.getByRole('alert').getByText('it was ended by signal 9').waitFor();
  await page.getByText('The video reader stopped and was started again').first().waitFor();
  await page.getByRole('button', { name: 'Next frame', exact: true }).click();
  await expect.poll(() => window.shownIndex()).toBe(1);
  expect(await page.locator('article .words').textContent()).toBe('kept');
});

test('a model that ends while it answers is told of once: by the answer', async () => {
  const window = await open({
    script: { answer: 'one two three four five six', holds: { word: 1, restart: 0 }, restarts: true },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('Count');
  await page.locator('article .answer', { hasText: 'one' }).waitFor();
  await window.double((double) =>
    double.emit({
      kind: 'worker-ended',
      role: 'model',
      error: { code: 'worker-ended', message: 'the memory was full', hint: null },
    }),
  );
  await window.go('word');
  await page.getByText('The model ended and is starting again').waitFor();
  await expect.poll(() => page.locator('.notice').count()).toBe(0);
});

test('a model that ends in mid-answer keeps what it said, says so, and goes on', async () => {
  const window = await open({
    script: { answer: 'one two three four five six', holds: { restart: 0 }, restarts: true },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('Count');
  await page.getByText('The model ended and is starting again').waitFor();
  await page.locator('article .answer', { hasText: 'one two' }).waitFor();
  await window.go('restart');
  await page.locator('.words', { hasText: 'one two three four five six' }).waitFor();
});

test('the diagnosis has file names only when they are asked for', async () => {
  const window = await open();
  const { page } = window;
  await window.double((double) => double.emit({ kind: 'command', command: 'diagnosis' }));
  await page.getByText('Diagnosis copied, without file names').first().waitFor();
  await window.double((double) => double.emit({ kind: 'command', command: 'diagnosis-names' }));
  await page.getByText('Diagnosis copied, with file names').first().waitFor();
  const copied = await window.double((double) => double.copied);
  expect(copied[0]).not.toContain('.gguf');
  expect(copied[1]).toContain('.gguf');
});

test('with reduced motion nothing moves by itself', async () => {
  const window = await open({ settings: { shows_sees: true } });
  await window.openSample();
  const moving = await window.page.evaluate(
    () =>
      document.getAnimations().filter((one) => (one.effect?.getComputedTiming().duration as number) > 1)
        .length,
  );
  expect(moving).toBe(0);
  const slow = await window.page.evaluate(
    () =>
      [...document.querySelectorAll('*')].filter((one) =>
        getComputedStyle(one)
          .transitionDuration.split(',')
          .some((duration) => parseFloat(duration) > 0.001),
      ).length,
  );
  expect(slow).toBe(0);
});

test('a video is found as it was left: position, range, pinned and kept-out frames', async () => {
  const window = await open({ recents: '1', has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  for (let press = 0; press < 2; press++) await page.keyboard.press('.');
  await expect.poll(() => window.shownIndex()).toBe(2);
  // With pauses: letters that come together are words.
  for (const key of ['i', 'p', '.', 'Delete']) {
    await page.keyboard.press(key);
    await window.pass(400);
  }
  await page.getByText('1 pinned, 1 kept out').waitFor();
  await expect.poll(() => window.shownIndex()).toBe(3);
  await page.getByRole('button', { name: 'Show all videos' }).click();
  await page.getByRole('listitem').filter({ hasText: 'sample.mp4' }).getByRole('button').first().click();
  await expect.poll(() => window.shownIndex()).toBe(3);
  await page.getByText('1 pinned, 1 kept out').waitFor();
  await page.getByRole('button', { name: /^0:00\.080 – .* Clear range$/u }).waitFor();
  // Another one is as it always is.
  await page.getByRole('button', { name: 'Show all videos' }).click();
  await page
    .getByRole('button', { name: /Kitchen/u })
    .first()
    .click();
  await page.getByRole('heading', { name: /Kitchen/u }).waitFor();
  await expect.poll(() => window.shownIndex()).toBe(0);
  await expect.poll(() => page.getByText('1 pinned, 1 kept out').count()).toBe(0);
});

test('while it plays, where it is is kept now and then, and once it rests', async () => {
  const window = await open({ has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  const n_kept = () => window.double((double) => double.calls.filter((call) => call === 'keepView').length);
  // Opening it is nothing to be kept.
  await window.pass(3000);
  await page.keyboard.press('Space');
  const playOn = async () => {
    await window.pass(40);
    return window.shownIndex();
  };
  await expect.poll(playOn).toBeGreaterThan(0);
  await expect.poll(() => n_kept()).toBe(0);
  await window.pass(2000);
  await expect.poll(() => n_kept()).toBe(1);
  const index = await window.shownIndex();
  await expect.poll(playOn).toBeGreaterThan(index);
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  await window.pass(400);
  await expect.poll(() => n_kept()).toBe(1);
  await window.pass(200);
  await expect.poll(() => n_kept()).toBe(2);
});
