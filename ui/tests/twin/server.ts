import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { serve } from '../../scripts/serve.mjs';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

/** Builds and starts the program behind HTTP, and serves the page in front of it. */
export default async function setup(project: TestProject) {
  run('cargo', ['build', '--quiet', '--locked', '--example', 'http_twin', '--example', 'random_pair']);
  const folder = mkdtempSync(join(tmpdir(), 'videre-twin-'));
  const examples = join(process.env['CARGO_TARGET_DIR'] ?? join(repository, 'target'), 'debug', 'examples');
  const pair = join(folder, 'pair');
  run(join(examples, 'random_pair'), ['--geometry', 'tiny', '--quant', 'q8_0', pair]);
  const twin = spawn(join(examples, 'http_twin'), [folder, join(repository, 'assets', 'sample.mp4'), pair], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: twin.stdout });
  process.env['TWIN'] = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    twin.once('exit', (code) => reject(new Error(`the twin ended with ${code}`)));
  });
  const { address, close } = await serve(fileURLToPath(new URL('./vite.config.ts', import.meta.url)));
  project.provide('address', address);
  return async () => {
    await close();
    twin.removeAllListeners('exit');
    twin.kill();
    rmSync(folder, { recursive: true, force: true });
  };
}
