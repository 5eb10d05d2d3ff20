// The engine's own pictures, to hold what is painted against.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { videre_binary } from './app.mjs';

/** Frames of a video as the command line gives them, at a size: a Map from index to RGBA, row by row. */
export function enginePictures(video, indices, width, height) {
  const folder = mkdtempSync(join(tmpdir(), 'videre-frames-'));
  try {
    execFileSync(videre_binary, ['frames', video, '--indices', indices.join(','), '--out', folder], { stdio: 'pipe' });
    const pictures = new Map();
    for (const name of readdirSync(folder).filter((name) => name.endsWith('.png'))) {
      const rgba = execFileSync(
        'ffmpeg',
        ['-v', 'error', '-i', join(folder, name), '-vf', `scale=${width}:${height}:flags=area`]
          .concat(['-f', 'rawvideo', '-pix_fmt', 'rgba', '-']),
        { maxBuffer: 1 << 28 },
      );
      pictures.set(Number(/^frame-(\d+)-/u.exec(name)[1]), rgba);
    }
    return pictures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Mean absolute difference of the colours of two RGBA pictures, of 255. */
export function difference(a, b) {
  if (a.length !== b.length) throw new Error(`pictures of ${a.length} and ${b.length} bytes`);
  let sum = 0;
  for (let at = 0; at < a.length; at += 4) {
    sum += Math.abs(a[at] - b[at]) + Math.abs(a[at + 1] - b[at + 1]) + Math.abs(a[at + 2] - b[at + 2]);
  }
  return sum / (a.length * 0.75);
}
