/** Waiting for what a server does on its own time. The deadline is generous: it decides only that a test has failed. */
import { setTimeout as sleep } from 'node:timers/promises';

export async function eventually(check: () => Promise<boolean>, what: string, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting for ${what}`);
    await sleep(20);
  }
}
