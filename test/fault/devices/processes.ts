/** Runs device-process.ts where system calls fail. */
import { join } from 'node:path';
import { runScript, type Ended } from '../processes.ts';

export type { Report } from '../processes.ts';

/** @param before - the command line that the process is started with, as an argument of it. */
export async function runDevices(before: readonly string[], ...args: readonly string[]): Promise<Ended> {
  return runScript(join(import.meta.dirname, 'device-process.ts'), before, ...args);
}
