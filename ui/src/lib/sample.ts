import type { VideoInfo } from '../backend';

/** Whether it is the bundled clip, as far as its description tells: it is the one that the embedded model was made for. */
export function isSample({ name, width, height }: VideoInfo): boolean {
  return name === 'sample.mp4' && width === 640 && height === 480;
}
