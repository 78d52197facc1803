/** A console that remembers what was said, on a clock that moves when told to. */
import { VirtualClock } from '../base/index.ts';
import type { Console } from './console.ts';

export class RememberingConsole implements Console {
  readonly clock = new VirtualClock();
  readonly columns: number | undefined;
  readonly errColumns: number | undefined;
  readonly #interrupt = new AbortController();
  readonly interrupted: AbortSignal = this.#interrupt.signal;
  readonly unread: AbortSignal = new AbortController().signal;
  said = '';
  told = '';

  /** `columns`: of the terminal that shows both; undefined: there is none. */
  constructor(columns?: number) {
    this.columns = columns;
    this.errColumns = columns;
  }

  readonly out = (text: string): void => void (this.said += text);
  readonly err = (text: string): void => void (this.told += text);

  interrupt(): void {
    this.#interrupt.abort();
  }
}
