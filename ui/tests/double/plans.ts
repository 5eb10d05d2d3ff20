import type {
  Cost,
  FrameRef,
  Model,
  Offer,
  PlanImage,
  PlanRequest,
  PlanView,
  PresetName,
  Token,
  TokenPlace,
} from '../../src/backend';

const N_SIDE = 24;
const N_PATCHES = N_SIDE * N_SIDE;
const PRESETS = {
  auto: { n_frames: 16, n_images: 3, thumbnail: true },
  frame: { n_frames: 1, n_images: 1, thumbnail: false },
  fast: { n_frames: 6, n_images: 0, thumbnail: true },
  balanced: { n_frames: 16, n_images: 3, thumbnail: true },
  paper: { n_frames: 50, n_images: 5, thumbnail: true },
  own: { n_frames: 16, n_images: 4, thumbnail: false },
};

function spread(from: number, to: number, n: number): number[] {
  return Array.from({ length: n }, (_, at) => Math.floor(from + ((to - from) * at) / Math.max(1, n - 1)));
}

/** Close enough to the real plans to be looked at: uniform frames, patches spread over all of them, one thumbnail. */
export function planFor(
  request: PlanRequest,
  times: number[],
  model: Model,
  encoded: ReadonlySet<number>,
  n_chat: number,
): PlanView {
  const only = request.only_frame;
  const preset: PresetName =
    only !== null ? 'frame' : request.preset === 'auto' ? 'balanced' : request.preset;
  const { n_frames, n_images, thumbnail } = PRESETS[preset];
  const all = times
    .map((pts_secs, index): FrameRef => ({ index, pts_secs }))
    .filter(({ index, pts_secs }) => {
      const within =
        request.range === null || (pts_secs >= request.range.start_secs && pts_secs < request.range.end_secs);
      return within && !request.removed.includes(index);
    });
  const chosen =
    only !== null
      ? [{ index: only, pts_secs: times[only] ?? 0 }]
      : spread(0, all.length - 1, Math.min(n_frames, all.length)).flatMap((at) => all[at] ?? []);
  for (const index of only === null ? request.pinned : []) {
    if (!chosen.some((one) => one.index === index)) chosen.push({ index, pts_secs: times[index] ?? 0 });
  }
  chosen.sort((a, b) => a.index - b.index);

  const images: PlanImage[] = [];
  const tokens: Token[] = [];
  const places: (TokenPlace | null)[] = [];
  const takes = preset === 'frame' ? N_PATCHES : n_images * N_PATCHES;
  if (takes > 0) {
    for (const frame of chosen) {
      images.push({
        kind: 'frame',
        frames: [frame],
        n_columns: 1,
        n_rows: 1,
        is_encoded: encoded.has(frame.index),
      });
    }
    const n_takes = Math.min(takes, chosen.length * N_PATCHES);
    for (const row of spread(0, chosen.length * N_PATCHES - 1, n_takes)) {
      const image = Math.floor(row / N_PATCHES);
      const [x, y] = [row % N_SIDE, Math.floor((row % N_PATCHES) / N_SIDE)];
      tokens.push({
        frames: [chosen[image]?.index ?? 0],
        rect: [x / 24, y / 24, (x + 1) / 24, (y + 1) / 24],
        op: 'patch',
      });
      places.push({ image, rect: [x, y, x + 1, y + 1] });
    }
  }
  const n_sampled = tokens.length;
  if (thumbnail && chosen.length > 0) {
    const cells = spread(0, chosen.length - 1, 6).flatMap((at) => chosen[at] ?? []);
    const image = images.length;
    const is_encoded = cells.every((cell) => encoded.has(cell.index));
    images.push({ kind: 'thumbnail', frames: cells, n_columns: 3, n_rows: 2, is_encoded });
    for (let row = 0; row < N_PATCHES; row++) {
      const [x, y] = [row % N_SIDE, Math.floor(row / N_SIDE)];
      const cell = cells[Math.floor(y / 12) * 3 + Math.floor(x / 8)];
      tokens.push({ frames: [cell?.index ?? 0], rect: null, op: 'patch' });
      places.push({ image, rect: [x, y, x + 1, y + 1] });
    }
  }
  const secs_per_image = model.is_embedded ? 0.02 : 2.4;
  const costOf = (name: PresetName): Cost => {
    const one = PRESETS[name];
    // Pins come on top of the one frame, as long as no other choice says that it is alone.
    const n_more = name === 'frame' ? request.pinned.length : 0;
    const n_tokens = (one.n_images + n_more + (one.thumbnail ? 1 : 0)) * N_PATCHES;
    const n_pictures = (one.n_images > 0 ? one.n_frames + n_more : 0) + (one.thumbnail ? 1 : 0);
    const fits = n_tokens + 640 <= model.n_context;
    return {
      n_tokens,
      n_free: Math.max(0, model.n_context - n_tokens - 640),
      n_images: n_pictures,
      first_answer_secs: n_pictures * secs_per_image + n_tokens / (model.is_embedded ? 20_000 : 220),
      memory_bytes: model.is_embedded ? 0 : n_tokens * 520_000,
      refusal: fits
        ? null
        : `${n_tokens} tokens do not fit into the ${model.n_context} positions of ${model.name}`,
    };
  };
  const names: PresetName[] = ['auto', 'fast', 'balanced', 'paper', 'frame'];
  const offers: Offer[] = names.map((name) => ({
    preset: name,
    strategy: null,
    n_frames: PRESETS[name].n_frames,
    cost: costOf(name === 'auto' ? 'balanced' : name),
  }));
  for (const strategy of [
    'thumbnail-and-sampled',
    'sampled',
    'thumbnail',
    'slow-fast',
    'image-grid',
  ] as const) {
    offers.push({ preset, strategy, n_frames, cost: costOf(preset) });
  }
  const notices =
    chosen.length < n_frames
      ? [`${n_frames} frames were asked for, but there are only ${chosen.length}.`]
      : [];
  return {
    id: JSON.stringify([request, [...encoded].length]),
    request,
    preset,
    strategy: preset === 'frame' ? 'every-patch' : preset === 'fast' ? 'thumbnail' : 'thumbnail-and-sampled',
    reason:
      request.preset === 'auto' && only === null
        ? 'Balanced is the richest preset whose first answer is expected within a minute on this machine.'
        : null,
    tower: 'CLIP ViT-L/14',
    side_px: 336,
    patch_px: 14,
    frames: chosen,
    counts: { sampled: n_sampled, thumbnail: tokens.length - n_sampled, total: tokens.length },
    tokens,
    places,
    images,
    cost: { ...costOf(preset), n_tokens: tokens.length },
    context: { n_positions: model.n_context, n_fixed: 42, n_chat, n_reserve: 512 },
    offers,
    notices,
  };
}
