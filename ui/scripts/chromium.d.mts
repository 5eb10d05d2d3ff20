/** The program named by CHROMIUM, or the machine's own; null where there is none. */
export function findChromium(): string | null;
