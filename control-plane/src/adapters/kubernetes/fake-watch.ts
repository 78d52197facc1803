/** The server's end of a watch in unit tests. */
import { TransportError } from './transport.ts';

/** An open watch that the test feeds by hand or that follows the store. */
export class FakeWatch {
  readonly path: string;
  readonly #queue: (Uint8Array | Error | undefined)[] = [];
  #wake: (() => void) | undefined;
  silent = false;

  constructor(path: string) {
    this.path = path;
  }

  send(type: string, object: unknown): void {
    if (!this.silent) this.#push(Buffer.from(`${JSON.stringify({ type, object })}\n`));
  }

  sendText(text: string): void {
    this.#push(Buffer.from(text));
  }

  end(): void {
    this.#push(undefined);
  }

  break(message = 'ECONNRESET'): void {
    this.#push(new TransportError(message, { sent: true }));
  }

  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const aborted = (): void => this.#push(new TransportError('aborted', { sent: true, cause: signal.reason }));
    signal.addEventListener('abort', aborted, { once: true });
    for (;;) {
      while (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
      const next = this.#queue.shift();
      if (next instanceof Error) throw next;
      if (next === undefined) return;
      yield next;
    }
  }

  #push(item: Uint8Array | Error | undefined): void {
    this.#queue.push(item);
    this.#wake?.();
  }
}
