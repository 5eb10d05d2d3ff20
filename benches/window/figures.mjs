// From what was noted in the page to figures.

/** p-th part of the values, between neighbours. */
export function quantile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const low = Math.floor(at);
  return sorted[low] + ((sorted[low + 1] ?? sorted[low]) - sorted[low]) * (at - low);
}

/** { n, p50, p95 } of milliseconds. */
export function spread(values) {
  return { n: values.length, p50: quantile(values, 0.5), p95: quantile(values, 0.95), max: Math.max(...values) };
}

/** For each moment: how long until the first of `draws` that `serves` it; Infinity where none did. */
function waits(moments, draws, serves) {
  return moments.map((moment) => {
    const served = draws.find((draw) => draw.at >= moment.at && serves(draw, moment));
    return served === undefined ? Infinity : served.at - moment.at;
  });
}

/**
 * For each place that a dragged pointer was at: how long until a true picture of it was on screen, which is the very
 * frame, or one at least as near as the nearest key frame, marked with its own time. One that is there already took no time.
 */
export function underPointer({ pointers, draws }, { frameAt, nearestKey }) {
  return dragged(pointers).map((moment) => {
    const wanted = frameAt(moment.secs);
    const enough = Math.abs(nearestKey(wanted) - wanted);
    const is_true = (draw) => Math.abs(frameAt(draw.secs) - wanted) <= enough;
    const there = draws.findLast((draw) => draw.at < moment.at);
    if (there !== undefined && is_true(there)) return 0;
    return waits([moment], draws, is_true)[0];
  });
}

/**
 * The same where a pointer goes over minutes of a clip of hours between two pictures and has left a place before that could be
 * shown. A picture of it would then only be in the way: what counts is one that is as near to a place that the pointer
 * went to since as the true picture of this place would be. So much the screen is behind the pointer.
 */
export function behindPointer({ pointers, draws }, clip) {
  const moments = dragged(pointers);
  return moments.map((moment, at) => {
    const key = clip.nearestKey(clip.frameAt(moment.secs));
    const since = (draw) => moments.slice(at).filter((one) => one.at <= draw.at);
    const serves = (draw, one) => {
      const place = clip.frameAt(one.secs);
      return Math.abs(clip.frameAt(draw.secs) - place) <= Math.abs(key - place);
    };
    const there = draws.findLast((draw) => draw.at < moment.at);
    if (there !== undefined && serves(there, moment)) return 0;
    return waits([moment], draws, (draw) => since(draw).some((one) => serves(draw, one)))[0];
  });
}

const dragged = (pointers) => pointers.filter((one) => one.secs !== null);

/** How long from each moment until frame `index` of it was painted. */
export function untilExact(moments, draws) {
  return waits(moments, draws, (draw, moment) => draw.is_exact && draw.index === moment.index);
}

/** Of frames that fell due while it played: the part that was never painted. */
export function dropped(draws, fps) {
  const first = draws[0];
  const last = draws.at(-1);
  const n_due = Math.round(((last.at - first.at) / 1000) * fps) + 1;
  const n_shown = new Set(draws.map((draw) => draw.index)).size;
  return { n_due, n_shown, share: Math.max(0, 1 - n_shown / n_due), secs: (last.at - first.at) / 1000 };
}
