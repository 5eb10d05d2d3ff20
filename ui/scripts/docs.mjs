// Pictures of the real window for the documentation, of both themes or of one, where the window is built:
// `SCREEN=1800x1200 scripts/display.sh node ui/scripts/docs.mjs docs/window [dark|light]`. They show what is within the
// frame that the system draws around a window.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, Home } from '../../tests/window/app.mjs';
import { missing } from '../../tests/window/needs.mjs';
import { sleep } from '../../tests/window/webdriver.mjs';
import { story } from './real.mjs';

const why = missing();
if (why) {
  console.error(`skipped: ${why}`);
  process.exit(2);
}
const out = resolve(process.argv[2] ?? 'docs/window');
mkdirSync(out, { recursive: true });

/** The window on the display, for the tools that take its picture. */
const window_id = (app) =>
  execFileSync('xdotool', ['search', '--onlyvisible', '--pid', String(app.pid), '--name', 'Videre'], {
    encoding: 'utf8',
  }).split('\n')[0];

const wanted = process.argv[3];
for (const theme of ['dark', 'light'].filter((one) => wanted === undefined || wanted === one)) {
  const home = new Home();
  const app = await App.start(home);
  try {
    await story(app, theme, async (name) => {
      await sleep(300);
      const [raw, file] = [join(out, `${name}.raw.png`), join(out, `${name}-${theme}.png`)];
      execFileSync('import', ['-window', window_id(app), raw]);
      // 128 colours without noise between them: a third of the size, and nobody sees it.
      execFileSync('ffmpeg', [
        ...['-v', 'error', '-y', '-i', raw, '-vf'],
        'split[a][b];[a]palettegen=max_colors=128:stats_mode=full[p];[b][p]paletteuse=dither=none',
        ...['-compression_level', '9', '-pred', 'none', file],
      ]);
      rmSync(raw);
      console.log(`${name}-${theme}`);
    });
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await app.close().catch((error) => console.error(error.message));
    home.remove();
  }
}
