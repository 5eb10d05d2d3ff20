// How often processes wake up.
import { readFileSync, readdirSync } from 'node:fs';
import { sleep } from './webdriver.mjs';

/** Per thread of a process: how often it went to sleep by itself so far, with its name. */
function sleeps(pid) {
  const counted = new Map();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      const value = (key) => new RegExp(`^${key}:\\s*(.*)$`, 'mu').exec(status)[1];
      counted.set(thread, { name: value('Name'), n: Number(value('voluntary_ctxt_switches')) });
    } catch {
      // A thread that ends meanwhile.
    }
  }
  return counted;
}

/** Wakes a second of each of these processes, over all its threads, while nothing is done for `n_secs`; the most awake threads. */
export async function wakes(pids, n_secs) {
  const before = pids.map(sleeps);
  await sleep(n_secs * 1000);
  return pids.map((pid, at) => {
    const threads = [...sleeps(pid)]
      .map(([thread, { name, n }]) => ({ name, per_sec: (n - (before[at].get(thread)?.n ?? 0)) / n_secs }))
      .filter(({ per_sec }) => per_sec > 0)
      .sort((a, b) => b.per_sec - a.per_sec);
    const per_sec = threads.reduce((sum, one) => sum + one.per_sec, 0);
    return { per_sec, most: threads.slice(0, 8).map(({ name, per_sec }) => `${name} ${per_sec.toFixed(1)}`).join(', ') };
  });
}
