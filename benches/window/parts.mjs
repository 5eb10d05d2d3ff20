// The measurements. Each opens the window anew and gives plain figures, milliseconds where nothing else is said.
import { App, Home, processes, tree, window_binary } from '../../tests/window/app.mjs';
import { Driver, KEY, sleep, until } from '../../tests/window/webdriver.mjs';
import { behindPointer, dropped, spread, underPointer, untilExact } from './figures.mjs';
import { FPS, Stage, clipFacts, filmFacts, floor, frameAt, pssMb } from './stage.mjs';

/** Always the same numbers from 0 to 1, so that runs can be compared. */
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const evenly = (n, from, to) => Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));

async function onStage(clip, work) {
  const stage = await Stage.open(clip);
  try {
    return await work(stage);
  } finally {
    await stage.close();
  }
}

/** Some true picture under a dragged pointer: a slow drag, a quick one, and jumps; each where it is new, then again. */
export const scrub = (clip) => onStage(clip, (stage) => dragged(stage));

function ways() {
  const next = random(7);
  return {
    slow: [evenly(40, 0.1, 0.2), 33],
    quick: [evenly(40, 0.02, 0.98), 16],
    jumps: [Array.from({ length: 30 }, next), 80],
  };
}

export async function dragged(stage, names = ['slow', 'quick', 'jumps'], rounds = ['new', 'again']) {
  const found = {};
  for (const round of rounds) {
    for (const name of names) {
      const [parts, each_ms] = ways()[name];
      await stage.take();
      await stage.drag(parts, each_ms);
      await stage.untilExact();
      const noted = await stage.take();
      if (process.env.NOTED) console.error(name, round, JSON.stringify(noted));
      found[`${name}, ${round}`] = spread(underPointer(noted, clipFacts));
    }
  }
  return found;
}

/**
 * Some true picture under a dragged pointer in a clip of hours: right after its first picture, while its frames are being
 * listed (a window for each way, so that the list is not there before the end), and once they are.
 */
export async function film(clip) {
  const found = {};
  for (const name of Object.keys(ways())) {
    const stage = await Stage.open(clip, { at_once: true });
    try {
      for (const round of ['at once', 'listed']) {
        const [parts, each_ms] = ways()[name];
        await stage.take();
        await stage.drag(parts, each_ms);
        await stage.untilExact();
        const noted = await stage.take();
        if (process.env.NOTED) console.error(name, round, JSON.stringify(noted));
        found[`${name}, ${round}`] = {
          ...spread(behindPointer(noted, filmFacts)),
          // Of pictures while the pointer was held: how many came before the list.
          n_unlisted: noted.draws.filter((draw) => draw.index === null).length,
          n_drawn: noted.draws.length,
        };
        await stage.settle();
      }
    } finally {
      await stage.close();
    }
  }
  return found;
}

/** The very frame after a click at places all over the clip, where it is new and where it was seen, and the floor. */
export const exact = (clip) => onStage(clip, async (stage) => {
  const next = random(11);
  const parts = Array.from({ length: 16 }, next);
  const found = {};
  let indices = [];
  for (const round of ['new', 'seen']) {
    await stage.take();
    const moments = [];
    for (const part of parts) {
      await stage.click(part);
      const noted = await stage.take();
      const press = noted.pointers.at(-1);
      const index = frameAt(press.secs);
      moments.push({ index, ms: untilExact([{ at: press.at, index }], noted.draws)[0] });
      if (process.env.NOTED) console.error(round, JSON.stringify(noted));
    }
    indices = moments.map((one) => one.index);
    found[round] = spread(moments.map((one) => one.ms));
    found[`${round}, each`] = moments.map((one) => Math.round(one.ms));
  }
  await stage.settle();
  const alone = floor(clip, indices);
  found.floor = spread(alone);
  found['floor, each'] = alone.map(Math.round);
  found.ratio = spread(found['new, each'].map((ms, i) => ms / alone[i]));
  return found;
});

/** A step either way, by key, after the first one in a group of pictures. */
export const step = (clip) => onStage(clip, (stage) => stepped(stage));

export async function stepped(stage) {
  const found = {};
  for (const [name, key, part] of [['forward', '.', 0.3], ['back', ',', 0.72]]) {
    await stage.click(part);
    const waits = [];
    for (let n = 0; n <= 24; n += 1) {
      await stage.take();
      await stage.app.session.press(key);
      await stage.untilExact();
      const noted = await stage.take();
      const press = noted.keys.find((one) => one.key === key);
      if (process.env.NOTED) console.error(JSON.stringify(noted));
      const index = noted.draws.at(-1).index;
      waits.push(untilExact([{ at: press.at, index }], noted.draws)[0]);
    }
    found[name] = spread(waits.slice(1));
    found[`${name}, the first`] = waits[0];
  }
  return found;
}

/** Ten seconds of playback at the clip's own speed. */
export const play = (clip) => onStage(clip, async (stage) => {
  await stage.click(0.2);
  await stage.settle();
  await stage.take();
  await stage.app.session.press(' ');
  await sleep(10_000);
  const noted = await stage.take();
  await stage.app.session.press(' ');
  if (process.env.NOTED) console.error(JSON.stringify(noted));
  const requests = noted.requests.filter((one) => one.to !== null).map((one) => one.to - one.from);
  return { ...dropped(noted.draws, FPS), requests: spread(requests), refreshes: spread(noted.gaps) };
});

/** While a video is being encoded by a model of a billion parameters. */
export async function encoding(clip, pair) {
  const stage = await Stage.open(clip, { pair });
  try {
    await until('encoding', () => stage.modelIsBusy());
    const dragging = await dragged(stage);
    const stepping = await stepped(stage);
    // Encoding gives way to steps for a moment.
    await sleep(1000);
    return { dragging, stepping, was_busy_to_the_end: await stage.modelIsBusy() };
  } catch (error) {
    // What follows may fail for the same reason.
    console.error(error);
    throw error;
  } finally {
    await stage.close();
  }
}

/** While an answer of such a model streams in. */
export async function streaming(clip, pair) {
  const stage = await Stage.open(clip, { pair });
  const { session } = stage.app;
  const words = () => stage.app.text('article[aria-busy=true] .answer');
  try {
    // About one frame, so that the words begin soon.
    await session.press('a');
    await stage.app.ask('What is on screen?');
    await session.run(() => document.activeElement.blur());
    await session.press('a');
    await until('the first words', async () => (await words())?.trim().length > 0, 120_000);
    const n_letters = (await words()).length;
    const stepping = await stepped(stage);
    const dragging = await dragged(stage, ['slow', 'jumps'], ['new']);
    await stage.take();
    await session.type('[data-question]', 'Some more words while it answers');
    await sleep(300);
    const typing = spread((await stage.take()).typed);
    const still_streams = (await words())?.length > n_letters;
    await session.press(KEY.Escape);
    await until('the end of the answer', async () => (await words()) === null);
    const noted = await stage.take();
    const stop = noted.stopped[0].at - noted.keys.find((one) => one.key === 'Escape').at;
    return { dragging, stepping, typing, stop, still_streams };
  } finally {
    await stage.close();
  }
}

/** From the start of the process to a page that answers and has painted, and the same of an empty window. */
export async function start(clip) {
  const painted = (session) => session.run(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))));
  const timed = async (open) => {
    const home = new Home();
    const driver = await Driver.start(home.environment);
    try {
      const from = performance.now();
      const session = await open(driver);
      await painted(session);
      const ms = performance.now() - from;
      const started = tree(driver.child.pid).filter((one) => one.pid !== driver.child.pid);
      await session.close();
      // One that is still ending would take the next one for a second start.
      await until('its end', () => !processes().some((one) => started.some(({ pid }) => pid === one.pid)));
      return ms;
    } finally {
      driver.stop();
      await sleep(300);
      home.remove();
    }
  };
  const bare = [];
  const ours = [];
  for (let round = 0; round < 5; round += 1) {
    bare.push(await timed((driver) => driver.open(BARE, ['--automation'])));
    ours.push(await timed(async (driver) => {
      const session = await driver.open(window_binary, []);
      await session.find('.start button');
      return session;
    }));
  }
  return { bare: spread(bare), ours: spread(ours), over: spread(ours.map((ms, i) => ms - bare[i])) };
}

/** The empty window: the web view's own bare browser. */
const BARE = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/** Proportional memory of the tree without the workers, with a clip open and scrubbed through, and of an empty window. */
export const memory = (clip) => onStage(clip, async (stage) => {
  const measure = () => {
    const members = tree(stage.app.pid);
    const workers = members.filter((one) => /worker (media|model)/u.test(one.command));
    return {
      window: pssMb(members.filter((one) => !workers.includes(one)).map((one) => one.pid)),
      workers: pssMb(workers.map((one) => one.pid)),
    };
  };
  const opened = measure();
  await dragged(stage);
  await stage.settle();
  const scrubbed = measure();
  const driver = await Driver.start(stage.home.environment);
  try {
    const session = await driver.open(BARE, ['--automation']);
    await sleep(1000);
    const browser = tree(driver.child.pid).filter((one) => one.pid !== driver.child.pid);
    const bare = pssMb(browser.map((one) => one.pid));
    await session.close();
    return { opened, scrubbed, bare };
  } finally {
    driver.stop();
  }
});

/** From naming a clip of hours to its first picture. `again`: with the list of its frames kept from before. */
export async function long(clip) {
  const found = {};
  const home = new Home();
  try {
    for (const round of ['new', 'again']) {
      const app = await App.start(home);
      await app.session.run(() => {
        window.painted_at = new Promise((done) => {
          const drawImage = CanvasRenderingContext2D.prototype.drawImage;
          CanvasRenderingContext2D.prototype.drawImage = function (...args) {
            drawImage.apply(this, args);
            if (this.canvas.closest('.screen')) done(Date.now());
          };
        });
      });
      const from = Date.now();
      const second = app.startAgain([clip]);
      found[round] = (await app.session.run(() => window.painted_at)) - from;
      await second;
      await app.close();
    }
  } finally {
    home.remove();
  }
  return found;
}
