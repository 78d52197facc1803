/** How much CPU time another process has used. */
import { readFileSync } from 'node:fs';

/** The unit of /proc on Linux (USER_HZ), which is the same on every architecture that Node runs on. */
const TICK_MS = 10;

/** User and system time of all its threads, ms; undefined where the system does not say (other than Linux). */
export function cpuMsOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  // The second field is the name, which may hold spaces; user and system time are the 14th and the 15th (proc_pid_stat(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
