// The states of the window that are worth looking at, each with how to get there on the test double.
import { MODEL_STATES } from './model_states.mjs';
import {
  script,
  settings,
  large,
  sees,
  begin,
  open,
  openSeen,
  write,
  ask,
  emit,
  answered,
  story,
} from './steps.mjs';

/** A sheet that its key opens. */
async function opened(page, key) {
  await open(page);
  await page.keyboard.press(key);
  await page.getByRole('dialog').waitFor();
}

export const STATES = {
  'start-first': {},
  'start-recents': { options: { recents: '1' } },
  'start-error': {
    options: {
      recents: '1',
      ...script({
        fail_open: {
          code: 'video-unreadable',
          message: 'broken.mp4 ends after 12 KB and has no index of its frames',
          hint: 'It was probably cut off while it was copied. Copy it again, or repair it with another program.',
        },
      }),
    },
    make: async (page) => (await begin(page), await page.getByRole('alert').waitFor()),
  },
  drop: { options: { recents: '1' }, make: (page) => emit(page, { kind: 'drag', is_over: true }) },
  opening: { options: script({ holds: { times: 0, frame: 0 } }), make: begin },
  'open-empty': { options: { ...large, ...script({ encode_ms: 400, holds: { encode: 5 } }) }, make: open },
  'open-embedded': { make: open },
  scrubbing: {
    options: large,
    make: async (page) => {
      await open(page);
      await page.evaluate(() => window.double.pace.hold('frame'));
      const box = await page.locator('.ruler').boundingBox();
      await page.mouse.move(box.x + 300, box.y + 10);
      await page.mouse.down();
      await page.mouse.move(box.x + 470, box.y + 10, { steps: 5 });
    },
  },
  range: {
    options: large,
    make: async (page) => {
      await open(page);
      const box = await page.locator('.strip').boundingBox();
      await page.mouse.move(box.x + 220, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + 520, box.y + 20, { steps: 8 });
      await page.mouse.up();
    },
  },
  sees: { options: { ...large, ...sees }, make: openSeen },
  'sees-hover': {
    options: { ...large, ...sees },
    make: async (page) => {
      await openSeen(page);
      const box = await page.locator('.frames .picture').nth(1).boundingBox();
      await page.mouse.move(box.x + 52, box.y + 61);
    },
  },
  'sees-updating': {
    options: { ...large, ...sees },
    make: async (page) => {
      await openSeen(page);
      await page.evaluate(() => window.double.pace.hold('plan'));
      await page.keyboard.press('p');
      await page.locator('.pictures.stale').waitFor();
    },
  },
  'sees-preparing': {
    options: { ...large, ...sees, ...script({ encode_ms: 300, holds: { encode: 7 } }) },
    make: openSeen,
  },
  'sees-fast': {
    options: { ...large, ...settings({ shows_sees: true, preset: 'fast' }) },
    make: openSeen,
  },
  'sees-frame': {
    options: { ...large, ...sees },
    make: async (page) => {
      await openSeen(page);
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('a');
      await page.locator('.scope').waitFor();
    },
  },
  'sees-picked': {
    options: { ...large, ...sees },
    make: async (page) => {
      await openSeen(page);
      for (const key of ['ArrowRight', 'p', '.', '.', 'p', 'Home', 'Delete']) await page.keyboard.press(key);
      await page.getByText('2 pinned, 1 kept out').waitFor();
    },
  },
  'sees-past': {
    options: { ...large, ...sees, ...script({ answer: 'The star turns blue at 0:04.' }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'When does the star change its colour?');
      await answered(page);
      await page.locator('.facts').click();
      await page.getByRole('button', { name: 'Show exactly what it saw' }).click();
    },
  },
  'sees-refused': {
    options: {
      ...large,
      ...settings({ shows_sees: true, preset: 'paper' }),
      ...script({ n_context: 2048 }),
    },
    make: open,
  },
  'sees-paper': {
    options: { ...large, ...settings({ shows_sees: true, preset: 'paper' }) },
    make: openSeen,
  },
  zoomed: {
    options: large,
    make: async (page) => {
      await open(page);
      await page.keyboard.press('ArrowRight');
      for (let press = 0; press < 3; press++) await page.keyboard.press('+');
    },
  },
  'sees-error': {
    options: {
      ...sees,
      ...script({
        fail_plan: {
          code: 'model-missing',
          message: 'mmproj-model-f16.gguf is no longer where it was',
          hint: 'Connect the disk that it was on, or choose another model.',
        },
      }),
    },
    make: async (page) => (await open(page), await page.locator('.sees .problem').waitFor()),
  },
  waiting: {
    options: { ...large, ...script({ encode_ms: 2000, holds: { encode: 2 } }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'What happens to the star?');
      await page
        .getByRole('article')
        .getByText(/^Looking at picture/u)
        .waitFor();
    },
  },
  streaming: {
    options: { ...large, ...script({ holds: { word: 25 }, answer: story }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await page.locator('.answer strong').first().waitFor();
    },
  },
  answered: {
    options: { ...large, ...script({ answer: story }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await answered(page);
    },
  },
  evidence: {
    options: { ...large, ...script({ answer: 'The star turns blue at 0:04.' }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'When does the star change its colour?');
      await answered(page);
      await page.locator('.facts').click();
      await page.locator('.evidence canvas.there').waitFor();
    },
  },
  'picture-menu': {
    options: large,
    make: async (page) => {
      await open(page);
      await page.locator('.picture[data-exact=true]').click({ button: 'right' });
      await page.getByRole('menu').waitFor();
    },
  },
  'multiple-choice': {
    options: {
      ...large,
      ...script({ answer: '(B) The star', choice: 1, probabilities: [0.171, 0.826, 0.003] }),
    },
    make: async (page) => {
      await open(page);
      await ask(page, 'Which shape changes its colour?\nA. The circle\nB. The star\nC. The ring');
      await answered(page);
      await write(page, 'What moves? A) The circle B) The star');
    },
  },
  'answer-failed': {
    options: {
      ...large,
      ...script({
        answer: story,
        fail_answer: {
          code: 'worker-ended',
          message: 'The model’s process was ended by the system because the memory was full',
          hint: 'Close other programs, or choose a preset with fewer tokens.',
        },
      }),
    },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await page.locator('.problem').waitFor();
    },
  },
  restarting: {
    options: { ...large, ...script({ answer: story, holds: { restart: 0 }, restarts: true }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await page.locator('.restarting').waitFor();
    },
  },
  conversations: {
    options: { ...large, ...script({ answer: 'It turns blue at 0:04.' }) },
    make: async (page) => {
      await open(page);
      for (const words of [
        'What colour is the star?',
        'Which way does the circle move?',
        'מה קורה בסרטון?',
      ]) {
        await ask(page, words);
        await answered(page);
        await page.getByRole('button', { name: 'New conversation' }).last().click();
        await page.locator('.empty').waitFor();
      }
      await page.getByRole('button', { name: /^Conversations about this video/u }).click();
      await page.locator('[data-chat]').nth(2).hover();
    },
  },
  'chat-list': {
    options: { recents: '1', ...large, ...script({ answer: 'It turns blue at 0:04.' }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'What colour is the star, and does it keep it for as long as it can be seen?');
      await answered(page);
      await page.evaluate(() => (window.double.script.encode_ms = 3_600_000));
      await page.getByRole('button', { name: 'New conversation' }).last().click();
      await page.locator('.empty').waitFor();
      await ask(page, 'Which way does the circle move?');
      await page.getByRole('button', { name: 'New conversation' }).last().click();
      await page.locator('.empty').waitFor();
      await page.getByRole('button', { name: /^Conversations about this video/u }).click();
      await page.getByRole('searchbox').fill('the');
    },
  },
  'waiting-questions': {
    options: { ...large, ...script({ encode_ms: 3_600_000 }) },
    make: async (page) => {
      await open(page);
      for (const words of ['What happens to the star?', 'Which way does the circle move?', 'And the ring?'])
        await ask(page, words);
      await page.getByRole('button', { name: 'Edit and ask again' }).nth(1).click();
    },
  },
  'too-long': {
    options: { ...large, ...script({ n_context: 3000 }) },
    make: async (page) => {
      await open(page);
      await write(page, 'What happens to the star, and when? '.repeat(14));
      await page.getByText(/^Too long/u).waitFor();
    },
  },
  editing: {
    options: { ...large, ...script({ answer: story }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await answered(page);
      await page.locator('article').first().hover();
      await page.getByRole('button', { name: 'Edit and ask again' }).click();
    },
  },
  versions: {
    options: { ...large, ...script({ answer: 'It turns blue at 0:04.' }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'What colour is the star?');
      await answered(page);
      await page.getByRole('button', { name: 'Answer again' }).click();
      await page.getByText('2/2', { exact: true }).waitFor();
    },
  },
  forgot: {
    options: { ...large, ...script({ answer: 'It turns blue at 0:04.', forgets_after: 1 }) },
    make: async (page) => {
      await open(page);
      for (const [at, words] of ['What colour is the star?', 'And the ring?', 'What else?'].entries()) {
        await ask(page, words);
        await page.locator('.facts').nth(at).waitFor();
      }
    },
  },
  ...MODEL_STATES,
  help: { options: large, make: (page) => opened(page, '?') },
  'go-to': { options: large, make: (page) => opened(page, 'g') },
  menu: { options: large, make: async (page) => (await open(page), await page.getByLabel('Menu').click()) },
  'full-screen': {
    options: large,
    make: async (page) => {
      await open(page);
      await page.keyboard.press('f');
      await page.getByRole('button', { name: 'Leave full screen' }).waitFor();
    },
  },
  narrow: {
    size: { width: 860, height: 700 },
    options: { ...large, ...script({ answer: story }) },
    make: async (page) => {
      await open(page);
      await page.getByRole('button', { name: 'Conversation', exact: true }).click();
      await ask(page, 'Describe what happens, step by step.');
      await answered(page);
    },
  },
  'narrow-closed': {
    size: { width: 900, height: 700 },
    options: { ...large, ...sees, ...script({ holds: { word: 3 }, answer: story }) },
    make: async (page) => {
      await open(page);
      await page.getByRole('button', { name: 'Conversation', exact: true }).click();
      await ask(page, 'Describe what happens, step by step.');
      await page.getByRole('button', { name: 'Close', exact: true }).last().click();
    },
  },
  'narrow-both': {
    size: { width: 800, height: 600 },
    options: { ...large, ...sees, ...script({ answer: story }) },
    make: async (page) => {
      await open(page);
      await page.getByRole('button', { name: 'Conversation', exact: true }).click();
      await ask(page, 'Describe what happens, step by step.');
      await answered(page);
    },
  },
  'narrow-both-sees': {
    size: { width: 800, height: 600 },
    options: { ...large, ...sees, ...script({ answer: story }) },
    make: async (page) => {
      await open(page);
      await page.getByRole('button', { name: 'Conversation', exact: true }).click();
      await page.getByRole('tab', { name: 'What the model sees' }).click();
    },
  },
  'narrow-sees': {
    size: { width: 800, height: 600 },
    options: { ...large, ...sees },
    make: open,
  },
  'start-narrow': { size: { width: 900, height: 700 }, options: { recents: '1' } },
  'answering-elsewhere': {
    options: { recents: '1', ...large, ...script({ holds: { word: 3 }, answer: story }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await page.locator('.answer', { hasText: 'The' }).waitFor();
      await page.getByRole('button', { name: 'New conversation' }).click();
    },
  },
  'start-answering': {
    options: { recents: '1', ...large, ...script({ holds: { word: 3 }, answer: story }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await page.locator('.answer', { hasText: 'The' }).waitFor();
      await page.getByRole('button', { name: 'Show all videos' }).click();
    },
  },
  'answer-ready': {
    options: { recents: '1', ...large, ...script({ holds: { word: 3 }, answer: story }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await page.locator('.answer', { hasText: 'The' }).waitFor();
      await page.getByRole('button', { name: 'Show all videos' }).click();
      await page
        .getByRole('button', { name: /Kitchen/u })
        .first()
        .click();
      await page.getByRole('heading', { name: /Kitchen/u }).waitFor();
      await page.evaluate(() => window.double.pace.go('word'));
      await page.locator('.notice').waitFor();
    },
  },
  'start-forget': {
    options: { recents: '1' },
    make: async (page) => {
      await page.getByRole('button', { name: 'Forget Kitchen, take 4.mov' }).click({ force: true });
    },
  },
  wide: {
    size: { width: 1760, height: 1000 },
    options: { ...large, ...sees, ...script({ answer: story }) },
    make: async (page) => {
      await open(page);
      await ask(page, 'Describe what happens, step by step.');
      await answered(page);
    },
  },
};
