/**
 * How far a command is, told on standard error: on a terminal a line that is drawn over itself, with a bar where the end is known;
 * elsewhere now and then a line of its own, so that a log stays readable. Only blanks and carriage returns are used to draw, which
 * every terminal knows.
 */
import type { Console } from './console.ts';
import { shortDuration } from './short-duration.ts';

/** Often enough to look alive. */
const REDRAW_MS = 100;
const LOG_EVERY_MS = 10_000;
const BAR_LENGTH = 20;
/** Before that, the rest is a guess. */
const ETA_AFTER_MS = 2_000;

export interface Reached {
  readonly done: number;
  /** Of `done`; absent where the end is not known. */
  readonly total?: number;
  /** What is told beside it. */
  readonly detail: string;
}

export class Progress {
  readonly #console: Console;
  readonly #label: string;
  readonly #beganMs: number;
  #toldMs: number;
  #drawnLength = 0;

  constructor(console: Console, label: string) {
    this.#console = console;
    this.#label = label;
    this.#beganMs = console.clock.monotonic();
    this.#toldMs = this.#beganMs;
  }

  /** Cheap when it was told lately; and what takes no time tells nothing. */
  show(reached: Reached): void {
    const { clock, errColumns } = this.#console;
    const nowMs = clock.monotonic();
    if (nowMs - this.#toldMs < (errColumns === undefined ? LOG_EVERY_MS : REDRAW_MS)) return;
    this.#toldMs = nowMs;
    if (errColumns === undefined) {
      this.#console.err(`${this.#label}: ${parts(reached, nowMs - this.#beganMs).join(', ')}\n`);
    } else {
      this.#draw(
        [bar(reached), ...parts(reached, nowMs - this.#beganMs)].filter((part) => part !== ''),
        errColumns,
      );
    }
  }

  /** Leaves nothing of it on the terminal, so that a line can be printed; what is shown next is drawn below it. */
  clear(): void {
    if (this.#drawnLength === 0) return;
    this.#console.err(`\r${' '.repeat(this.#drawnLength)}\r`);
    this.#drawnLength = 0;
    this.#toldMs = -Infinity;
  }

  #draw(told: readonly string[], columns: number): void {
    const line = `${this.#label}  ${told.join('  ')}`.slice(0, columns - 1);
    this.#console.err(`\r${line.padEnd(this.#drawnLength)}`);
    this.#drawnLength = line.length;
  }
}

function share({ done, total }: Reached): number | undefined {
  return total === undefined || total === 0 ? undefined : Math.min(done / total, 1);
}

function bar(reached: Reached): string {
  const filled = Math.floor((share(reached) ?? 0) * BAR_LENGTH);
  return share(reached) === undefined ? '' : `[${'#'.repeat(filled)}${'.'.repeat(BAR_LENGTH - filled)}]`;
}

function parts(reached: Reached, elapsedMs: number): string[] {
  const part = share(reached);
  const isGuess = part === undefined || part === 0 || part === 1 || elapsedMs < ETA_AFTER_MS;
  return [
    ...(part === undefined ? [] : [`${Math.floor(part * 100)}%`]),
    reached.detail,
    ...(isGuess ? [] : [`${shortDuration(elapsedMs / part - elapsedMs)} left`]),
  ];
}
