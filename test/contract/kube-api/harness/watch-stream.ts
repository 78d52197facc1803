/** One open watch: newline-separated events, read one at a time so that a test waits for what it expects. */
import type { IncomingMessage } from 'node:http';
import type { Body } from './body.ts';

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Body;
}

export class WatchStream {
  readonly status: number;
  readonly contentType: string;
  readonly #response: IncomingMessage;
  readonly #chunks: AsyncIterator<Buffer>;
  #text = '';

  constructor(response: IncomingMessage) {
    this.status = response.statusCode ?? 0;
    this.contentType = response.headers['content-type'] ?? '';
    this.#response = response;
    this.#chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The next event, or undefined when the server has ended the stream. */
  async next(): Promise<WatchEvent | undefined> {
    const line = await this.#line();
    return line === undefined ? undefined : (JSON.parse(line) as WatchEvent);
  }

  /** The next `count` events as `TYPE name` lines. */
  async take(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) {
      const event = await this.next();
      if (event === undefined) throw new Error(`the watch ended after ${lines.join(', ')}`);
      lines.push(`${event.type} ${event.object.metadata.name}`);
    }
    return lines;
  }

  /** Everything up to the end that the server makes. */
  async rest(): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  close(): void {
    this.#response.destroy();
  }

  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        if (line.trim() !== '') return line;
        continue;
      }
      const chunk = await this.#chunks.next();
      if (chunk.done === true) {
        const last = this.#text.trim();
        this.#text = '';
        return last === '' ? undefined : last;
      }
      this.#text += chunk.value.toString('utf8');
    }
  }
}
