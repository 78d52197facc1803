/** What a command has of the terminal, so that it runs the same in a test. */
import type { Clock } from '../base/index.ts';

export interface Console {
  /** What was asked for. */
  readonly out: (text: string) => void;
  /** What is said about it. */
  readonly err: (text: string) => void;
  /** Of the terminal; undefined where the output goes elsewhere. */
  readonly columns: number | undefined;
  /** Of the terminal that shows what is said about it; undefined where that goes elsewhere. */
  readonly errColumns: number | undefined;
  /** Aborts at Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Aborts when nobody reads the output any more. */
  readonly unread: AbortSignal;
  readonly clock: Clock;
}

export type ExitCode = 0 | 1 | 2 | 130;
