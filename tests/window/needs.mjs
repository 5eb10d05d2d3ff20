// What these tests need of the machine. Where something is missing they are skipped, and say why.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { videre_binary, window_binary } from './app.mjs';

function isInstalled(program) {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** Why the tests cannot run here; false where they can. */
export function missing() {
  if (process.platform !== 'linux') return 'WebDriver for the system’s web view is on Linux alone';
  if (!process.env.DISPLAY) return 'no display: run it by scripts/display.sh';
  for (const program of ['WebKitWebDriver', 'xdotool', 'ffmpeg']) {
    if (!isInstalled(program)) return `${program} is not installed: scripts/setup.sh test`;
  }
  for (const binary of [videre_binary, window_binary]) {
    if (!existsSync(binary)) return `${binary} is not built`;
  }
  return false;
}
