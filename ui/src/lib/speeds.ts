/** The steps of playback speed. */
export const SPEEDS = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 8];

/** The next step up or down from `speed`, staying at the ends. */
export function stepSpeed(speed: number, by: 1 | -1): number {
  const next =
    by > 0 ? SPEEDS.find((one) => one > speed + 1e-9) : SPEEDS.findLast((one) => one < speed - 1e-9);
  return next ?? speed;
}
