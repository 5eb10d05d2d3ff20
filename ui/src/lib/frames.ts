/** Number of the frame on screen at `secs`: the last whose time stamp is not later, else the first. */
export function indexAt(times: Float64Array, secs: number): number {
  // A tick of slack, so that a time that was printed and read back finds its own frame.
  const until = secs + 1e-6;
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) <= until) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Number of the last frame that begins before `end_secs`, else the first. */
export function lastBefore(times: Float64Array, end_secs: number): number {
  // A range ends where the frame after its last one begins, give or take the slack of `indexAt` and of adding up.
  return indexAt(times, end_secs - 1e-5);
}

/** How long frame `index` is shown; the last one as long as the one before it. */
export function frameSecs(times: Float64Array, index: number): number {
  const next = times[index + 1];
  const here = times[index];
  if (next !== undefined && here !== undefined) return next - here;
  const before = times[index - 1];
  return here !== undefined && before !== undefined ? here - before : 0.04;
}

/** Numbers of the frames whose time stamps lie in [start, end). */
export function framesWithin(times: Float64Array, start_secs: number, end_secs: number): number {
  let n = 0;
  for (const pts of times) if (pts >= start_secs && pts < end_secs) n += 1;
  return n;
}
