/** The console of this process. A second Ctrl-C ends it at once, as every program does. */
import { realClock } from '../base/index.ts';
import type { Console } from './console.ts';

export function processConsole(): Console {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());

  const unread = new AbortController();
  /** Who reads through `head` has read enough; that is no failure. */
  const onOutputError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    unread.abort();
  };
  const { stdout, stderr } = process;
  stdout.on('error', onOutputError);
  stderr.on('error', onOutputError);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stdout.isTTY ? stdout.columns : undefined,
    errColumns: stderr.isTTY ? stderr.columns : undefined,
    interrupted: interrupted.signal,
    unread: unread.signal,
    clock: realClock,
  };
}
