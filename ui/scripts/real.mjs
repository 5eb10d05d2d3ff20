// States of the real window, one story through all of them: each step goes on from where the one before it ended.
// `shot(name)` keeps a picture. What needs a dialog of the system, or a fault, is in `states.mjs` on the test double.
import { KEY, sleep, until } from '../../tests/window/webdriver.mjs';

/** Presses the first button whose name begins with `name`. */
const press = (app, name) =>
  app.session.run((name) => {
    const said = (one) => (one.getAttribute('aria-label') ?? one.textContent).trim();
    const found = [...document.querySelectorAll('button, [role=menuitem]')].find((one) =>
      said(one).startsWith(name),
    );
    if (found === undefined) throw new Error(`no button ${name}`);
    found.click();
  }, name);

const point = (app, x, y) =>
  app.session.send('POST', '/actions', {
    actions: [
      {
        ...{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' } },
        actions: [{ type: 'pointerMove', x: Math.round(x), y: Math.round(y), origin: 'viewport' }],
      },
    ],
  });

/** Makes the page itself this large, whatever the window manager puts around it. */
async function resize(app, width, height) {
  let [outer_width, outer_height] = [width, height];
  for (let attempt = 0; attempt < 4; attempt++) {
    await app.session.send('POST', '/window/rect', { width: outer_width, height: outer_height });
    await sleep(400);
    const [w, h] = await app.session.run(() => [innerWidth, innerHeight]);
    if (w === width && h === height) return;
    outer_width += width - w;
    outer_height += height - h;
  }
}

async function chooseTheme(app, theme) {
  const words = { dark: 'Theme: Dark', light: 'Theme: Light' }[theme];
  for (let attempt = 0; attempt < 3; attempt++) {
    await press(app, 'Menu');
    const is_so = await app.session.run(
      (words) => document.querySelector('[role=menu]').textContent.includes(words),
      words,
    );
    await press(app, is_so ? 'Menu' : 'Theme');
    if (is_so) break;
    await sleep(200);
  }
  await press(app, 'Dismiss').catch(() => {});
}

const seen = (app) => app.untilText('The model has looked at these frames', 120_000);
const drawn = (app) =>
  until('the pictures of the panel', () =>
    app.session.run(() => {
      const all = [...document.querySelectorAll('section.sees canvas')];
      return all.length > 1 && all.every((one) => one.classList.contains('there'));
    }),
  );
const away = (app) => point(app, 640, 300);

/** Goes through the states. `theme` is light or dark. */
export async function story(app, theme, shot) {
  await resize(app, 1280, 800);
  await chooseTheme(app, theme);
  await away(app);
  await shot('start-first');

  await press(app, 'Try the sample');
  await app.untilFrame(0);
  await seen(app);
  await away(app);
  await shot('open');
  await press(app, 'Understood');

  await app.session.press('e');
  await drawn(app);
  await shot('sees');
  const frame = await app.box('.frames .item:nth-child(2) .picture');
  await point(app, frame.x + frame.width * 0.31, frame.y + frame.height * 0.31);
  await shot('sees-hover');
  await away(app);
  await app.session.press('e');

  const strip = await app.box('.strip');
  const at = (part) => [strip.x + strip.width * part, strip.y + 20];
  await app.session.drag([at(0.3), at(0.4), at(0.5), at(0.62)]);
  await seen(app);
  await away(app);
  await shot('range');
  await app.session.press('x', KEY.Home);
  await app.untilFrame(0);
  await seen(app);

  // The embedded model is too quick to be looked at while it answers, so it is held.
  await app.ask('What do you see?');
  await app.answered(1);
  await app.ask('Which way does the circle move?');
  const model = app.worker('model');
  await app.inMidAnswer(model);
  await shot('streaming');
  process.kill(model, 'SIGCONT');
  await app.answered(2);
  // Once more without being held, so that the time it says is its own.
  await app.session.click('article.last [aria-label="Answer again"]');
  await app.answered(2);
  await shot('answered');
  await press(app, 'How this answer came about');
  await app.session.find('.evidence canvas.there');
  await shot('evidence');
  await press(app, 'How this answer came about');
  await app.session.press(KEY.Escape);
  await app.ask('Which shapes appear? A) Circle, star and ring B) Square and triangle');
  await app.answered(3);
  await shot('multiple-choice');

  await press(app, 'Model and device');
  await app.untilText('On this machine');
  await shot('models');
  await app.session.press(KEY.Escape);
  await app.session.press(KEY.Escape);
  await app.session.run(() => document.querySelector('.workspace').focus());
  await app.session.press('?');
  await app.untilText('Play or pause');
  await shot('keys');
  await app.session.press(KEY.Escape);

  await app.session.run(() => document.querySelector('.workspace').focus());
  await app.session.press('e');
  await resize(app, 1680, 1000);
  await drawn(app);
  await away(app);
  await shot('wide');
  await resize(app, 900, 700);
  await drawn(app);
  await shot('narrow');
  await app.session.press('e');
  await resize(app, 1280, 800);

  await press(app, 'Show all videos');
  await app.session.find('.recents .card');
  await sleep(500);
  await shot('start-recents');
}
