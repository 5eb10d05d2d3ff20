import type { Picture, PictureInfo } from '../backend';

/** Which frame a picture shows, and whether it is the very one that was asked for. */
export type FrameStamp = Pick<PictureInfo, 'index' | 'pts_secs' | 'is_exact'>;

/** A frame that is ready to be painted. */
export interface DecodedFrame extends FrameStamp {
  bitmap: ImageBitmap;
}

/** Decodes what came over the seam, off the page's thread where the web view can. */
export async function decode(picture: Picture): Promise<ImageBitmap> {
  if (picture.mime === 'image/x-rgba') {
    const pixels = new Uint8ClampedArray(picture.bytes);
    return createImageBitmap(new ImageData(pixels, picture.width, picture.height));
  }
  const url = URL.createObjectURL(new Blob([picture.bytes], { type: picture.mime }));
  try {
    // By way of an image: of every blob that WebKit makes a bitmap of by itself, it keeps some kilobytes for good.
    const image = new Image();
    image.src = url;
    await image.decode();
    return await createImageBitmap(image);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A few decoded pictures by key, the longest unused dropped first and given back at once. */
export class BitmapCache<Key> {
  #kept = new Map<Key, ImageBitmap>();
  #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: Key): ImageBitmap | undefined {
    const bitmap = this.#kept.get(key);
    if (bitmap !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, bitmap);
    }
    return bitmap;
  }

  keys(): Iterable<Key> {
    return this.#kept.keys();
  }

  has(key: Key): boolean {
    return this.#kept.has(key);
  }

  set(key: Key, bitmap: ImageBitmap): void {
    const old = this.#kept.get(key);
    if (old !== undefined && old !== bitmap) old.close();
    this.#kept.delete(key);
    this.#kept.set(key, bitmap);
    for (const [oldest, unused] of this.#kept) {
      if (this.#kept.size <= this.#capacity) break;
      this.#kept.delete(oldest);
      unused.close();
    }
  }

  clear(): void {
    for (const bitmap of this.#kept.values()) bitmap.close();
    this.#kept.clear();
  }
}
