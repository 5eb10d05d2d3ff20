// Known weaknesses of the page's packages, those that only build and check it among them: `npm audit`, where its registry tells.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ui = join(dirname(fileURLToPath(import.meta.url)), '..');
const { stdout } = spawnSync(
  'npm',
  ['audit', '--package-lock-only', '--json', '--fetch-retries=0', '--fetch-timeout=20000'],
  {
    cwd: ui,
    encoding: 'utf8',
  },
);
const told = read(stdout);
if (told?.vulnerabilities === undefined) {
  console.log('advisories of npm packages: skipped: the registry does not tell');
} else {
  const known = Object.values(told.vulnerabilities);
  for (const { name, severity, range } of known) console.error(`${name} ${range}: ${severity}`);
  process.exitCode = known.length === 0 ? 0 : 1;
}

function read(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
