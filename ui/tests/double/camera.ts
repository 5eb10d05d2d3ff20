import type { Picture, PlanImage } from '../../src/backend';
import type { ClipFacts } from './clip';

const CANCELLED = { code: 'cancelled', message: 'cancelled', hint: null };

/** A frame of the clip as the media side would send it. */
export async function frameJpeg(index: number, facts: ClipFacts, signal: AbortSignal): Promise<Picture> {
  const at = Math.min(facts.times.length - 1, Math.max(0, index));
  try {
    const bytes = await (await fetch(`/clip/frame/${at}`, { signal })).arrayBuffer();
    const { width, height, times } = facts;
    return { mime: 'image/jpeg', bytes, width, height, index: at, pts_secs: times[at] ?? 0, is_exact: true };
  } catch {
    throw CANCELLED;
  }
}

/** A picture of a plan: frames squeezed to the tower's square, several side by side for a thumbnail. */
export async function towerPicture(
  image: PlanImage,
  facts: ClipFacts,
  signal: AbortSignal,
): Promise<Picture> {
  const SIDE = 336;
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d');
  if (context === null) throw CANCELLED;
  const [w, h] = [SIDE / image.n_columns, SIDE / image.n_rows];
  for (const [cell, frame] of image.frames.entries()) {
    const picture = await frameJpeg(frame.index, facts, signal);
    const bitmap = await createImageBitmap(new Blob([picture.bytes]));
    context.drawImage(bitmap, (cell % image.n_columns) * w, Math.floor(cell / image.n_columns) * h, w, h);
  }
  const pixels = context.getImageData(0, 0, SIDE, SIDE);
  return {
    ...{ mime: 'image/x-rgba', bytes: pixels.data.buffer, width: SIDE, height: SIDE },
    ...{ index: image.frames[0]?.index ?? 0, pts_secs: image.frames[0]?.pts_secs ?? 0, is_exact: true },
  };
}
