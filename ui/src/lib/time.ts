/** `0:12`, `1:02:03`, with milliseconds `0:12.480`. Hours only where there are some. Cut, not rounded. */
export function formatTime(secs: number, with_millis = false): string {
  // A thousandth of a thousandth of slack: 12.48 is 12.479999... in binary.
  const millis = Math.floor(Math.max(0, secs) * 1000 + 1e-3);
  const hours = Math.floor(millis / 3_600_000);
  const minutes = Math.floor(millis / 60_000) % 60;
  const seconds = Math.floor(millis / 1000) % 60;
  const head = hours > 0 ? `${hours}:${pad(minutes, 2)}` : `${minutes}`;
  const tail = with_millis ? `.${pad(millis % 1000, 3)}` : '';
  return `${head}:${pad(seconds, 2)}${tail}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** Where somebody wants to go. */
export type Place = { kind: 'time'; secs: number } | { kind: 'frame'; index: number };

/**
 * What a person types to name a moment: `72`, `72.5`, `1:12`, `1:12.480`, `1:02:03`, `1m12s`, a comma for the point,
 * or a frame: `#812`, `f812`, `frame 812`. Null for anything else.
 */
export function parsePlace(input: string): Place | null {
  const text = input.trim().toLowerCase().replace(',', '.');
  const frame = /^(?:#|f|frame\s*#?)\s*(\d{1,9})$/.exec(text);
  if (frame?.[1] !== undefined) return { kind: 'frame', index: Number(frame[1]) };

  const spelled = /^(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)\s*s)?$/.exec(text);
  if (text !== '' && spelled !== null) {
    const [hours, minutes, seconds] = [spelled[1], spelled[2], spelled[3]].map((part) => Number(part ?? 0));
    return { kind: 'time', secs: (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0) };
  }

  const parts = /^(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)$/.exec(text);
  if (parts === null) return null;
  const [, hours, minutes, seconds] = parts;
  const secs = Number(seconds);
  if (minutes !== undefined && secs >= 60) return null;
  if (hours !== undefined && Number(minutes) >= 60) return null;
  return { kind: 'time', secs: Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + secs };
}
