/** Which servers of this process listen: what a start that failed must not leave behind. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';

const CHANNEL = 'tracing:net.server.listen:asyncEnd';

/** Servers that began to listen while `run` went on, and those of them that still do. */
export async function serversOf(
  run: () => Promise<unknown>,
): Promise<{ readonly started: number; readonly listening: number }> {
  const servers: Server[] = [];
  const note = (message: unknown): void => void servers.push((message as { server: Server }).server);
  subscribe(CHANNEL, note);
  try {
    await run();
  } finally {
    unsubscribe(CHANNEL, note);
  }
  return { started: servers.length, listening: servers.filter(({ listening }) => listening).length };
}
