/** The console of this process. A second Ctrl-C ends it at once, as every program does. */
import { realClock } from '../base/index.ts';
import type { Console } from './console.ts';

/** Of a terminal that does not say its size. */
const USUAL_COLUMNS = 80;

export function processConsole(): Console {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());

  const unread = new AbortController();
  const { stdout, stderr } = process;
  let isLost = false;
  const onOutputError = (error: NodeJS.ErrnoException): void => {
    unread.abort();
    // Who reads through `head` has read enough; that is no failure.
    if (error.code === 'EPIPE' || isLost) return;
    isLost = true;
    process.once('exit', failUnlessFailed);
    stderr.write(`error: the output could not be written: ${error.message}.\n`);
  };
  stdout.on('error', onOutputError);
  stderr.on('error', onOutputError);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: columnsOf(stdout),
    errColumns: columnsOf(stderr),
    interrupted: interrupted.signal,
    unread: unread.signal,
    clock: realClock,
  };
}

/** What was to be said is lost, whatever came of it. */
function failUnlessFailed(): void {
  if (process.exitCode === undefined || process.exitCode === 0) process.exitCode = 1;
}

function columnsOf({ isTTY, columns }: NodeJS.WriteStream): number | undefined {
  if (!isTTY) return undefined;
  return columns > 0 ? columns : USUAL_COLUMNS;
}
