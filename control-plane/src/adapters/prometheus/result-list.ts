/**
 * Finds the elements of the list `data.result` in the bytes of an answer, without parsing them: an answer for a large fleet has
 * tens of megabytes, and JSON.parse() of all of it would stop everything else in this process for a second. It knows of JSON
 * what it needs to find ends, strings and brackets; whether the elements, and what is around the list, are JSON is for
 * JSON.parse() to say of each.
 *
 *     {"status":"success","data":{"resultType":"matrix","result":[{…},{…},{…}]}}
 *                                                                └ elements ┘
 */
import { randomUUID } from 'node:crypto';

export interface ResultList {
  /** The answer with `marker`, a text, in the place of the list. */
  readonly envelope: string;
  /** In no answer that was given. Whoever finds it elsewhere than in `data.result` has found another list. */
  readonly marker: string;
  readonly elementCount: number;
  /** The text of one, with the white space around it. */
  readonly element: (index: number) => string;
}

/** Runs between portions of work; what it throws ends the work. */
export type Pause = () => Promise<void>;

/** What a machine of the slower kind scans in some ten milliseconds. */
const PORTION_BYTES = 1024 * 1024;
/** The list is in an object in an object. */
const LIST_DEPTH = 3;
const KEY = /"result"\s*:\s*$/;
const LONGEST_KEY_BYTES = 64;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Undefined when there is no such list, or it does not end. */
export async function findResultList(body: Buffer, pause: Pause): Promise<ResultList | undefined> {
  const scanner = new Scanner(body);
  for (let endByte = PORTION_BYTES; ; endByte += PORTION_BYTES) {
    const found = scanner.scan(Math.min(endByte, body.length));
    if (found !== undefined) return found === 'broken' ? undefined : found;
    if (endByte >= body.length) return undefined;
    await pause();
  }
}

class Scanner {
  readonly #body: Buffer;
  #at = 0;
  #depth = 0;
  #inString = false;
  /** After the bracket that opens the list. */
  #startByte: number | undefined;
  /** Of the commas between the elements, and of the bracket behind them. */
  readonly #ends: number[] = [];

  constructor(body: Buffer) {
    this.#body = body;
  }

  /** Goes on up to `endByte`; returns the list once its end is passed, after which there is nothing more to scan. */
  scan(endByte: number): ResultList | 'broken' | undefined {
    const body = this.#body;
    let at = this.#at;
    let depth = this.#depth;
    let inString = this.#inString;
    for (; at < endByte; at += 1) {
      const byte = body[at];
      if (inString) {
        if (byte === BACKSLASH) at += 1;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        depth += 1;
        if (depth === LIST_DEPTH && byte === OPEN_LIST && this.#startByte === undefined && this.#isResult(at)) {
          this.#startByte = at + 1;
        }
      } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (depth === LIST_DEPTH && this.#startByte !== undefined) {
          this.#ends.push(at);
          // The wrong bracket is no JSON, which whoever parses the whole will say.
          return byte === CLOSE_LIST ? this.#found(this.#startByte, at) : 'broken';
        }
        depth -= 1;
      } else if (byte === COMMA && depth === LIST_DEPTH && this.#startByte !== undefined) this.#ends.push(at);
    }
    [this.#at, this.#depth, this.#inString] = [at, depth, inString];
    return undefined;
  }

  #isResult(at: number): boolean {
    return KEY.test(this.#body.toString('latin1', Math.max(at - LONGEST_KEY_BYTES, 0), at));
  }

  #found(startByte: number, endByte: number): ResultList {
    const [body, ends] = [this.#body, this.#ends];
    const marker = randomUUID();
    const isEmpty = ends.length === 1 && body.toString('utf8', startByte, endByte).trim() === '';
    return {
      envelope: `${body.toString('utf8', 0, startByte - 1)}"${marker}"${body.toString('utf8', endByte + 1)}`,
      marker,
      elementCount: isEmpty ? 0 : ends.length,
      element: (index) => body.toString('utf8', index === 0 ? startByte : (ends[index - 1] ?? 0) + 1, ends[index]),
    };
  }
}
