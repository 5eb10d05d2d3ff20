const counts = new Intl.NumberFormat('en-GB');

/** `3,456`. */
export function formatCount(count: number): string {
  return counts.format(count);
}

/** A length of time that was measured: `0.84 s`, `9.8 s`, `48 s`, `2 min 5 s`, `1 h 12 min`. */
export function formatSecs(secs: number): string {
  if (secs < 0.995) return `${secs.toFixed(2)} s`;
  if (secs < 9.95) return `${secs.toFixed(1)} s`;
  const whole = Math.round(secs);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) {
    const rest = whole % 60;
    return `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
  }
  const minutes = Math.round(whole / 60) % 60;
  return `${Math.floor(Math.round(whole / 60) / 60)} h${minutes === 0 ? '' : ` ${minutes} min`}`;
}

/** The same in steps of `step_secs`, so that what is shown of several can be added up. */
export function formatSteps(secs: number, step_secs: number): string {
  if (step_secs >= 60 && secs < 60) return '0 min';
  if (secs >= 60) return formatSecs(secs);
  return `${secs.toFixed(step_secs < 0.1 ? 2 : step_secs < 1 ? 1 : 0)} s`;
}

/** A length of time that is a guess, in steps that do not flicker: `5 s`, `35 s`, `2 min`. */
export function formatRemaining(secs: number): string {
  if (secs < 10) return `${Math.max(1, Math.ceil(secs))} s`;
  if (secs < 60) return `${Math.ceil(secs / 5) * 5} s`;
  if (secs < 600) return `${Math.ceil(secs / 30) / 2} min`;
  return formatSecs(Math.ceil(secs / 60) * 60);
}

/** How many weights a model has, as its makers count: `7.1 B`, `500 M`. */
export function formatParams(count: number): string {
  const [size, unit] = count >= 999.5e6 ? [1e9, 'B'] : [1e6, 'M'];
  const value = count / size;
  return `${value < 99.95 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
}

/** `4.1 GB`, `310 MB`: powers of ten, as file managers and shops count. */
export function formatBytes(bytes: number): string {
  const steps: [number, string][] = [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ];
  for (const [size, unit] of steps) {
    if (bytes >= size * 0.9995) {
      const value = bytes / size;
      return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
    }
  }
  return `${bytes} B`;
}

/** The day of a moment that is told in seconds since 1970. */
export function formatDay(secs: number, today: string, yesterday: string): string {
  const date = new Date(secs * 1000);
  const days = Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);
  if (days === 0) return today;
  if (days === 1) return yesterday;
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
