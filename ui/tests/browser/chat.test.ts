import { expect, test } from 'vitest';
import { useWindows } from './page';

const open = useWindows();
const STAR = 'At 0:01 the circle moves, and at 0:06.6 the star is **blue**.';

test('an answer streams, is remembered with its facts, and is announced when it is finished', async () => {
  const window = await open({ model: 'large', script: { answer: STAR, holds: { word: 1 } } });
  await window.openSample();
  const { page } = window;
  await window.ask('What happens?');
  await page.getByRole('article').getByText('Answering').waitFor();
  expect(await page.getByRole('article').textContent()).not.toContain('circle');
  await window.go('word');
  await page.getByText('16 frames · 2,304 tokens · 9.8 s').waitFor();
  expect(await page.locator('.words strong').textContent()).toBe('blue');
  await page.locator('[aria-live=polite]').getByText(STAR).waitFor();
  await page.getByText('16 frames · 2,304 tokens · 9.8 s').click();
  await page.getByText('LLaVA 1.6 Vicuna 7B Q4_K_M', { exact: true }).last().waitFor();
  await page.getByText('1,728 sampled, 576 thumbnail').waitFor();
});

test('times in an answer lead there; one the model was given no frame of is drawn as such', async () => {
  const window = await open({ script: { answer: STAR } });
  await window.openSample();
  const { page } = window;
  await window.ask('What happens?');
  const given = page.getByRole('button', { name: 'Go to 0:01', exact: true });
  const not_given = page.getByRole('button', { name: 'Go to 0:06.6, not from the video’s frames' });
  await given.click();
  // The frame of that second that the model was given, not just any.
  const index = Number(await page.locator('[data-mark]').nth(2).getAttribute('data-mark'));
  await expect.poll(() => window.shownIndex()).toBe(index);
  await not_given.click();
  await expect.poll(() => window.shownIndex()).toBe(165);
  await page.getByText('One time in this answer is not from the video’s frames').waitFor();
});

test('stop keeps what was said', async () => {
  const window = await open({ script: { answer: 'one two three four five six', holds: { word: 2 } } });
  await window.openSample();
  const { page } = window;
  await window.ask('Count');
  await page.locator('.answer', { hasText: 'one two' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Stopped').waitFor();
  expect(await page.locator('.words').textContent()).toContain('one two');
  expect(await page.locator('.words').textContent()).not.toContain('six');
});

test('a question asked before the video is read waits with its stages, and the field stays free', async () => {
  const window = await open({ script: { encode_ms: 10_000, holds: { encode: 1 } } });
  await window.openSample();
  const { page } = window;
  await window.ask('First?');
  await page
    .getByRole('article')
    .getByText(/^Looking at picture \d+ of 17$/u)
    .waitFor();
  await page.locator('[data-question]').fill('Second words');
  await page.getByRole('article').getByText('left').first().waitFor();
  await window.go('encode');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  expect(await page.locator('[data-question]').inputValue()).toBe('Second words');
});

test('answering again replaces the answer; editing replaces the question and what followed', async () => {
  const window = await open({ script: { answer: 'first answer' } });
  await window.openSample();
  const { page } = window;
  await window.ask('Question one');
  await page.locator('.words', { hasText: 'first answer' }).waitFor();
  await window.double((double) => void (double.script.answer = 'second answer'));
  await page.getByRole('button', { name: 'Answer again' }).click();
  await page.locator('.words', { hasText: 'second answer' }).waitFor();
  await expect.poll(() => page.getByRole('article').count()).toBe(1);
  await window.ask('Question two');
  await expect.poll(() => page.getByRole('article').count()).toBe(2);
  await page.locator('article').first().hover();
  await page.getByRole('button', { name: 'Edit and ask again' }).first().click();
  await page.getByRole('textbox', { name: 'Edit and ask again' }).fill('Question changed');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('.question p').allTextContents()).toEqual(['Question changed']);
});

test('listed options make a multiple choice, unless the user says otherwise', async () => {
  const window = await open({ script: { answer: 'The star.', choice: 1 } });
  await window.openSample();
  const { page } = window;
  await page.locator('[data-question]').fill('Which? A) The circle B) The star');
  await page.getByText('Multiple choice').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.choice').waitFor();
  expect(await page.locator('.choice').textContent()).toBe('BThe star');
  await page.locator('[data-question]').fill('Which? A) The circle B) The star');
  await page.getByLabel('Ask as an open question').check();
  await page.locator('[data-question]').press('Enter');
  await expect.poll(() => page.getByRole('article').count()).toBe(2);
  await expect
    .poll(() => window.double(({ kept }) => kept.flatMap((chat) => chat.turns.map((turn) => turn.options))))
    .toEqual([['The circle', 'The star'], []]);
});

test('what a model writes becomes words, never part of the page', async () => {
  const answer =
    '<img src=x onerror="window.hit=1"> <script>window.hit=1</script> [a](javascript:window.hit=1) ![b](http://x.test/b.png)';
  const window = await open({ script: { answer } });
  await window.openSample();
  const { page } = window;
  await window.ask('Attack');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  const words = page.locator('.words');
  expect(await words.textContent()).toContain('<script>window.hit=1</script>');
  await expect.poll(() => words.locator('img, script, a, iframe, svg, style').count()).toBe(0);
  expect(await page.evaluate('window.hit')).toBeUndefined();
});

test('a failed answer keeps its words, says why, and can be asked again', async () => {
  const window = await open({
    script: {
      answer: 'one two three four',
      fail_answer: {
        code: 'worker-ended',
        message: 'the model was ended for memory',
        hint: 'Close other programs',
      },
    },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('Count');
  await page.getByText('the model was ended for memory').first().waitFor();
  await page.locator('.words', { hasText: 'one two' }).waitFor();
  await window.double((double) => void (double.script.fail_answer = null));
  await page.getByRole('button', { name: 'Ask again', exact: true }).click();
  await page.locator('.words', { hasText: 'one two three four' }).waitFor();
  await expect.poll(() => page.getByRole('article').count()).toBe(1);
});

test('a failure is brought into sight, wherever the reader is', async () => {
  const long = Array.from({ length: 60 }, (_, at) => `Line ${at} of the answer.`).join('\n\n');
  const window = await open({ script: { answer: long } });
  await window.openSample();
  const { page } = window;
  await window.ask('First');
  await page.locator('.facts').waitFor();
  await window.double((double) => {
    double.script.answer = 'one two three';
    double.script.fail_answer = { code: 'out-of-memory', message: 'the memory was full', hint: null };
  });
  await window.hold('word', 1);
  await window.ask('Second');
  await page.locator('.answer', { hasText: 'one' }).last().waitFor();
  // The page hears of a scroll with the next picture.
  await page.locator('.list').evaluate(async (list) => {
    const heard = new Promise((resolve) => list.addEventListener('scroll', resolve, { once: true }));
    list.scrollTop = 0;
    await heard;
  });
  await window.go('word');
  await page.locator('.problem').waitFor();
  await expect
    .poll(() =>
      page.locator('.list').evaluate((list) => {
        const [problem, seen] = [
          list.querySelector('.problem')!.getBoundingClientRect(),
          list.getBoundingClientRect(),
        ];
        return problem.top >= seen.top && problem.bottom <= seen.bottom;
      }),
    )
    .toBe(true);
});

test('a question that is too long can be asked of fewer tokens, or be changed', async () => {
  const window = await open({
    model: 'large',
    script: {
      answer: 'one two three',
      fail_answer: {
        code: 'context-too-long',
        message: 'the video and the question need 5,000 tokens, and the model reads 4,096 at a time',
        hint: null,
      },
    },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('A long question');
  await page.locator('.problem').waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Open another video…' }).count()).toBe(0);
  await page.locator('.problem').getByRole('button', { name: 'Edit', exact: true }).click();
  await expect
    .poll(() => page.getByRole('textbox', { name: 'Edit and ask again' }).inputValue())
    .toBe('A long question');
  await page.keyboard.press('Escape');
  await window.double((double) => void (double.script.fail_answer = null));
  await page.locator('.problem').getByRole('button', { name: 'Use Fast' }).click();
  await page.getByText('6 frames · 576 tokens · 9.8 s').waitFor();
  await expect.poll(() => page.getByRole('article').count()).toBe(1);
});

test('copying gives the answer as it was written', async () => {
  const window = await open({ script: { answer: STAR } });
  await window.openSample();
  await window.ask('What happens?');
  await window.page.getByRole('button', { name: 'Copy answer' }).click();
  await expect.poll(() => window.double((double) => double.copied)).toEqual([STAR]);
});

test('conversations are kept apart, found, named, deleted and had back', async () => {
  // What can be had back can be for a while only.
  const window = await open({ script: { answer: 'ok' }, has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  await window.ask('In the first');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect.poll(() => page.getByRole('article').count()).toBe(0);
  await window.ask('In the second');
  await page.getByRole('button', { name: 'How this answer came about' }).waitFor();
  const list = page.getByRole('button', { name: /^Conversations about this video/u });
  const rows = page.getByRole('dialog', { name: 'Conversations about this video' }).locator('[data-chat]');
  const titles = () => rows.locator('.title').allTextContents();
  await list.click();
  await expect.poll(titles).toEqual(['In the second', 'In the first']);
  await page.getByText('Today · 1 question').first().waitFor();

  // Found by what stands in them, and called as one likes.
  await page.getByRole('searchbox').fill('first');
  await expect.poll(titles).toEqual(['In the first']);
  await page.getByRole('button', { name: 'Rename this conversation' }).click();
  await page.getByRole('textbox', { name: 'Rename this conversation' }).fill('The one about the star');
  await page.keyboard.press('Enter');
  await page.getByRole('searchbox').fill('');
  await expect.poll(titles).toEqual(['In the second', 'The one about the star']);

  // By key alone.
  await page.getByRole('searchbox').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('article').getByText('In the first').waitFor();
  await list.getByText('The one about the star').waitFor();

  // Deleted, and had back.
  await list.click();
  await page.getByRole('button', { name: 'Delete this conversation' }).last().click();
  await page.getByRole('article').getByText('In the second').waitFor();
  await expect.poll(titles).toEqual(['In the second']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('article').getByText('In the first').waitFor();
  await list.click();
  await expect.poll(async () => (await titles()).length).toBe(2);
});

test('a suggestion asks with one click, and suggestions are of the loaded model', async () => {
  const window = await open({ script: { answer: 'red' } });
  await window.openSample();
  const { page } = window;
  await page.getByRole('button', { name: 'What colour is the star?' }).click();
  await page.locator('.question', { hasText: 'What colour is the star?' }).waitFor();
  await page.locator('article .words', { hasText: 'red' }).waitFor();
  await expect.poll(() => page.getByText('You could ask').count()).toBe(0);
});

test('where earlier turns no longer fit, the conversation shows where it forgot', async () => {
  const window = await open({ script: { answer: 'ok', forgets_after: 1 } });
  await window.openSample();
  const { page } = window;
  for (const [at, words] of ['One', 'Two', 'Three'].entries()) {
    await window.ask(words);
    await expect.poll(() => page.locator('article .facts').count()).toBe(at + 1);
  }
  const order = await page
    .locator('.list > article .question, .list > [role=separator]')
    .evaluateAll((all) => all.map((one) => one.querySelector('p')?.textContent ?? one.textContent));
  expect(order).toEqual(['One', 'Turns above no longer fit and are not sent to the model', 'Two', 'Three']);
});

test('what an answer was given lies open with one click: frames, thumbnail, settings, timings and prompt', async () => {
  const window = await open({ model: 'large', script: { answer: 'ok' } });
  await window.openSample();
  const { page } = window;
  await window.ask('First question');
  await page.getByRole('button', { name: 'How this answer came about' }).click();
  const evidence = page.locator('.evidence');
  await evidence.locator('canvas.there').waitFor();
  const given = evidence.getByRole('group', { name: 'Frames given' }).getByRole('button');
  await expect.poll(() => given.count()).toBe(16);
  for (const words of ['Temperature', '8.2 s', 'CPU, 8 threads', '15.0 tokens a second']) {
    await evidence.getByText(words).first().waitFor();
  }
  await evidence.getByText('Prompt', { exact: true }).click();
  await evidence.getByText('First question ASSISTANT:').waitFor();
  await evidence.getByRole('button', { name: '0:05.080', exact: true }).click();
  await expect.poll(() => window.shownIndex()).toBe(127);
});

test('the time of an answer adds up, waiting for other work and earlier turns among it', async () => {
  const script = { answer: 'one two three', holds: { word: 1 } };
  const window = await open({ model: 'large', script, has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  await window.ask('First');
  await page.locator('.answer', { hasText: 'one' }).waitFor();
  await window.ask('Second');
  await page.getByRole('article').getByText('Waiting for its turn').waitFor();
  await window.pass(1234);
  await window.go('word');
  const foot = page.locator('article').nth(1).getByRole('button', { name: 'How this answer came about' });
  await foot.click();
  const evidence = page.locator('.evidence');
  await evidence.getByText('Waiting for other work').waitFor();
  const read =
    '2,478 tokens: 2,304 of the video, 120 of earlier turns, 54 of words; 2,304 had been read before';
  await evidence.getByText(read, { exact: true }).waitFor();
  const shown = (await evidence.locator('.timings .secs').allTextContents()).map((words) =>
    parseFloat(words),
  );
  const [first_word = 0, total = 0] = shown.splice(-2);
  expect(shown.reduce((sum, secs) => sum + secs, 0)).toBeCloseTo(total, 6);
  expect(total - first_word).toBeCloseTo(shown.at(-1) ?? 0, 6);
});

test('a long question is counted while it is written, and one that is too long is told before it is asked', async () => {
  const window = await open({ model: 'large', script: { answer: 'ok', n_context: 3000 } });
  await window.openSample();
  const { page } = window;
  const field = page.locator('[data-question]');
  // 3,000 positions less 2,304 of the video and 640 others leave 56.
  await field.fill('word '.repeat(10));
  await expect.poll(() => window.double((double) => double.calls.includes('countTokens'))).toBe(true);
  await expect.poll(() => page.locator('.count').count()).toBe(0);
  await field.fill('word '.repeat(30));
  await page.getByText('39 of 56 tokens', { exact: true }).waitFor();
  await field.fill('word '.repeat(100));
  await page.getByText('Too long: 130 of 56 tokens').waitFor();
  await page.getByRole('button', { name: 'Use Fast' }).click();
  await expect.poll(() => page.locator('.count').count()).toBe(0);
});

test('what was edited or asked again can be shown again, with all that followed it', async () => {
  const window = await open({ model: 'large', script: { answer: 'first' } });
  await window.openSample();
  const { page } = window;
  const questions = () => page.locator('.question p').allTextContents();
  const answers = () => page.locator('.words').allTextContents();
  await window.ask('One');
  await expect.poll(answers).toEqual(['first']);
  await window.ask('Two');
  await expect.poll(answers).toEqual(['first', 'first']);
  await expect.poll(() => page.getByRole('group', { name: 'Versions of this question' }).count()).toBe(0);

  await page.locator('article').first().hover();
  await page.getByRole('button', { name: 'Edit and ask again' }).first().click();
  await page.getByText('What stands here now can be shown again').waitFor();
  await window.double((double) => void (double.script.answer = 'second'));
  await page.getByRole('textbox', { name: 'Edit and ask again' }).fill('Changed');
  await page.keyboard.press('Enter');
  await expect.poll(answers).toEqual(['second']);
  const versions = page.getByRole('group', { name: 'Versions of this question' });
  await versions.getByText('2/2', { exact: true }).waitFor();

  await versions.getByRole('button', { name: 'The version before' }).click();
  await expect.poll(questions).toEqual(['One', 'Two']);
  await expect.poll(answers).toEqual(['first', 'first']);
  await versions.getByText('1/2', { exact: true }).waitFor();
  // By key it goes on from where the focus was.
  await page.keyboard.press('Enter');
  await expect.poll(questions).toEqual(['Changed']);
});

test('an answer that goes on in another version is marked there, and comes where it belongs', async () => {
  const window = await open({ script: { answer: 'one two three four five' }, has_stopped_clock: true });
  await window.openSample();
  const { page } = window;
  await window.ask('One');
  await page.locator('.words', { hasText: 'five' }).waitFor();
  await window.hold('word', 1);
  await page.getByRole('button', { name: 'Answer again' }).click();
  const versions = page.getByRole('group', { name: 'Versions of this question' });
  await versions.getByText('2/2', { exact: true }).waitFor();
  await versions.getByRole('button', { name: 'The version before' }).click();
  await page.locator('.words', { hasText: 'five' }).waitFor();
  await versions.getByTitle('Answering').waitFor();
  await window.go('word');
  await page.locator('.notice').getByRole('button', { name: 'Show' }).click();
  await versions.getByText('2/2', { exact: true }).waitFor();
  await expect.poll(() => page.getByRole('article').count()).toBe(1);
});

test('a multiple choice shows how sure the model is of each option', async () => {
  const window = await open({
    script: { answer: '(B) The star', choice: 1, probabilities: [0.171, 0.826, 0.003] },
  });
  await window.openSample();
  const { page } = window;
  await window.ask('Which? A) The circle B) The star C) The ring');
  const options = page.getByRole('list', { name: 'How likely the model found each option' });
  await options.getByText('83%').waitFor();
  const said = (await options.getByRole('listitem').allTextContents()).map((one) =>
    one.replace(/\s+/gu, ' ').trim(),
  );
  // The words of the answer are the choice, which is said once.
  await expect.poll(() => page.locator('.words').count()).toBe(0);
  expect(said).toEqual(['A The circle 17%', 'B The star (chosen) 83%', 'C The ring <1%']);
});
