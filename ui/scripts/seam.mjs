// The walls of the page: only src/backend may name a shell, no HTML is ever made from text, and nothing is fetched.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const rules = [
  { what: '@tauri-apps', pattern: /@tauri-apps|__TAURI/u, home: join('src', 'backend') + sep },
  {
    what: 'HTML made from text',
    pattern: /\{@html|innerHTML|insertAdjacentHTML/u,
    home: join('src', 'view', 'parts', 'Icon.svelte'),
  },
  {
    what: 'the network',
    pattern: /(?<![#.\w])fetch\(|XMLHttpRequest|WebSocket|https?:\/\//u,
    home: join('src', 'backend') + sep,
  },
];

const offences = [];
for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(?:ts|svelte)$/u.test(entry.name)) continue;
  const path = relative(root, join(entry.parentPath, entry.name));
  readFileSync(join(root, path), 'utf8')
    .split('\n')
    .forEach((line, number) => {
      if (/^\s*(?:\/\/|\*|\/\*)/u.test(line)) return;
      for (const rule of rules) {
        if (rule.pattern.test(line) && !path.startsWith(rule.home)) {
          offences.push(`${path}:${number + 1} names ${rule.what}`);
        }
      }
    });
}
if (offences.length > 0) {
  console.error(offences.join('\n'));
  process.exit(1);
}
