/** How much memory another process has. */
import { readFileSync } from 'node:fs';

/** Resident set, MiB; undefined where the system does not say (other than Linux). */
export function rssMiBOf(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}
