// States about models: those that are here, those that can be fetched, and the way from one to the other.
import {
  script,
  large,
  open,
  emit,
  alone,
  shop,
  entry,
  fetch,
  fetching,
  wonder,
  shapes,
  cut,
} from './steps.mjs';

export const MODEL_STATES = {
  models: {
    options: { ...large },
    make: (page) => page.locator('button.model').click(),
  },
  'models-loading': {
    options: script({ holds: { load: 4 } }),
    make: async (page) => {
      await page.locator('button.model').click();
      await page.getByRole('button', { name: 'Load', exact: true }).first().click();
      await page.getByRole('progressbar', { name: 'Loading' }).first().waitFor();
    },
  },
  'models-failed': {
    make: async (page) => {
      await page.locator('button.model').click();
      await page.evaluate(() => {
        const error = {
          code: 'out-of-memory',
          message: 'LLaVA 1.6 34B needs 24 GB, and 11 GB are free',
          hint: 'Close other programs, or choose a smaller quantisation of it.',
        };
        window.double.models().then((all) => {
          window.double.emit({ kind: 'model', state: { kind: 'failed', model: all[2], error } });
        });
      });
    },
  },
  'models-refused': {
    options: { recents: '1' },
    make: async (page) => {
      await page.evaluate(() => (window.double.script.picked = window.double.constructor.wrong));
      await page.locator('button.model').click();
      await page.getByRole('button', { name: 'Add two files…' }).click();
      await page.getByRole('alert').waitFor();
    },
  },
  shop: { options: alone(), make: shop },
  'shop-licence': {
    options: alone(),
    make: async (page) => {
      await shop(page);
      await page.getByRole('button', { name: 'Apache 2.0' }).first().click();
    },
  },
  'shop-too-large': {
    options: alone(),
    make: async (page) => {
      await shop(page);
      await entry(page, 'Vicuna 13B').scrollIntoViewIfNeeded();
    },
  },
  'shop-downloading': {
    options: alone({ hold_at: 0.42 }),
    make: async (page) => (await shop(page), await fetching(page)),
  },
  'shop-retrying': {
    options: alone({ hold_at: 0.42, is_retrying: true }),
    make: async (page) => (await shop(page), await fetching(page)),
  },
  'shop-paused': {
    options: alone({ hold_at: 0.42 }),
    make: async (page) => {
      await shop(page);
      await fetching(page);
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
    },
  },
  'shop-discard': {
    options: alone({ hold_at: 0.42 }),
    make: async (page) => {
      await shop(page);
      await fetching(page);
      await page.getByRole('button', { name: 'Remove what is here' }).click();
    },
  },
  'shop-failed': {
    options: alone({ fail_fetch: cut }),
    make: async (page) => {
      await shop(page);
      await fetch(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).waitFor();
    },
  },
  'shop-verifying': {
    options: alone({}, { holds: { verify: 0 } }),
    make: async (page) => {
      await shop(page);
      await fetch(page);
      await page.getByRole('dialog').getByText('Checking the files').waitFor();
    },
  },
  'shop-converting': {
    options: alone({ hold_converting_at: 0.64 }),
    make: async (page) => {
      await shop(page);
      await fetch(page, 'LLaVA-OneVision 0.5B');
      await page.getByRole('dialog').getByText('Converting · 64%').waitFor();
    },
  },
  'shop-ready': {
    options: alone(),
    make: async (page) => {
      await shop(page);
      await fetch(page);
      await page.getByRole('dialog').getByText('In use').waitFor();
    },
  },
  'models-alone': { options: alone(), make: async (page) => page.locator('button.model').click() },
  'models-remove': {
    options: script({ download: { here: ['smolvlm2-2.2b:Q4_K_M'] } }),
    make: async (page) => {
      await page.locator('button.model').click();
      await page.getByRole('button', { name: /^Remove files of SmolVLM2/u }).click();
    },
  },
  'start-downloading': {
    options: alone({ hold_at: 0.42 }),
    make: async (page) => {
      await page.getByRole('button', { name: 'Get a model' }).click();
      await fetching(page);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    },
  },
  'start-download-failed': {
    options: { recents: '1', ...alone({ fail_fetch: cut }) },
    make: async (page) => {
      await page.getByRole('button', { name: 'Get a model' }).click();
      await fetch(page);
      await page.getByRole('dialog').getByText('The download stopped').first().waitFor();
      await page.keyboard.press('Escape');
    },
  },
  offer: {
    options: alone({}, shapes),
    make: wonder,
  },
  repeated: {
    options: alone({}, { answer: 'white '.repeat(32), ending: 'repetition' }),
    make: wonder,
  },
  'open-unknown': {
    options: { recents: '1', ...alone() },
    make: (page) =>
      page
        .getByRole('button', { name: /Kitchen/u })
        .first()
        .click(),
  },
  'offer-downloading': {
    options: alone({ hold_at: 0.42 }, shapes),
    make: async (page) => {
      await wonder(page);
      await page.getByRole('button', { name: 'Get a model' }).click();
      await fetching(page);
      await page.keyboard.press('Escape');
    },
  },
  'offer-ready': {
    options: alone({}, shapes),
    make: async (page) => {
      await wonder(page);
      await page.getByRole('button', { name: 'Get a model' }).click();
      await fetch(page);
      await page.getByText('In use').first().waitFor();
      await page.keyboard.press('Escape');
    },
  },
};
