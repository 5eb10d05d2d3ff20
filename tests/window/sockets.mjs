// Sockets that processes wait on for others to connect.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';
/** An unconnected UDP socket; it can be sent to by anybody. */
const UNCONNECTED = '07';

/** Sockets by inode: what they are, from the system's own tables. */
function open_sockets() {
  const found = new Map();
  for (const [table, state] of [['tcp', LISTEN], ['tcp6', LISTEN], ['udp', UNCONNECTED], ['udp6', UNCONNECTED]]) {
    for (const line of readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/u);
      if (fields[3] === state) found.set(fields[9], `${table} ${fields[1]}`);
    }
  }
  return found;
}

/** What these processes listen on, each with the process's name; empty is what is wanted. */
export function listening(processes) {
  const sockets = open_sockets();
  const found = [];
  for (const { pid, name } of processes) {
    for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
      let target = '';
      try {
        target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
      } catch {
        continue;
      }
      const inode = /^socket:\[(\d+)\]$/u.exec(target)?.[1];
      if (inode !== undefined && sockets.has(inode)) found.push(`${name}: ${sockets.get(inode)}`);
    }
  }
  return found;
}
