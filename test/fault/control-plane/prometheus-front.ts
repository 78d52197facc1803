/**
 * What stands between the control plane and its Prometheus: passes everything on, or fails as networks, proxies and servers do.
 * It notes which volumes it told of and when, so that heat which nobody told of can be recognised.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@couchestor/common/base';

export const PROMETHEUS_FAULTS = [
  'down',
  'error',
  'refusing',
  'garbage',
  'truncated',
  'partial',
  'empty',
  'holes',
  'silent',
  'another hour',
  'one window',
] as const;
export type PrometheusFault = (typeof PROMETHEUS_FAULTS)[number];

interface Matrix {
  readonly data?: { readonly result?: readonly { readonly metric: Readonly<Record<string, string>> }[] };
}

export class PrometheusFront {
  fault: PrometheusFault | undefined;
  /** When a whole answer last had a series of the volume, by the name of its PersistentVolume; on the monotonic clock. */
  readonly toldMs = new Map<string, number>();
  readonly #server: Server;
  readonly #behind: string;
  readonly #clock: Clock;

  private constructor(server: Server, behind: string, clock: Clock) {
    this.#server = server;
    this.#behind = behind;
    this.#clock = clock;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(behind: string, clock: Clock): Promise<PrometheusFront> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PrometheusFront(server, behind, clock);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await textOf(request);
    const { fault } = this;
    // A clock of its own would be that of the machine, and another than the control plane has.
    const date = (skewMs: number): string => new Date(this.#clock.now() + skewMs).toUTCString();
    response.setHeader('date', date(fault === 'another hour' ? 3_600_000 : 0));
    switch (fault) {
      case 'silent':
        return;
      case 'down':
        request.socket.resetAndDestroy();
        return;
      case 'error':
        response.writeHead(503).end('<html>no healthy upstream</html>');
        return;
      case 'refusing':
        response.writeHead(422).end('{"status":"error","errorType":"execution","error":"no"}');
        return;
      case 'garbage':
        response.end('\u0000\u0001<html>');
        return;
      default:
        response.end(await this.#answerOf(request, form, fault));
    }
  }

  async #answerOf(request: IncomingMessage, form: string, fault: PrometheusFault | undefined): Promise<string> {
    const type = request.headers['content-type'] ?? '';
    const answer = await fetch(`${this.#behind}${request.url ?? ''}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: form,
    });
    const text = await answer.text();
    const matrix = JSON.parse(text) as Matrix;
    const series = matrix.data?.result ?? [];
    const withResult = (result: readonly unknown[], more = {}): string =>
      JSON.stringify({ ...matrix, ...more, data: { ...matrix.data, result } });
    // Long windows have longer steps, or more of them.
    if (fault === 'one window' && isLong(form)) return withResult([], { warnings: ['not all stores answered'] });
    if (fault === 'truncated') return text.slice(0, -10);
    if (fault === 'empty') return withResult([]);
    const told = fault === 'holes' || fault === 'partial' ? series.filter((_, index) => index % 2 === 0) : series;
    if (fault === 'partial') return withResult(told, { warnings: ['a store did not answer'] });
    if (fault === undefined || fault === 'holes' || fault === 'one window') this.#note(told);
    return withResult(told);
  }

  #note(series: readonly { readonly metric: Readonly<Record<string, string>> }[]): void {
    for (const { metric } of series) this.toldMs.set(metric.pv_name ?? '', this.#clock.monotonic());
  }
}

/** Above this a window is a long one. */
const LONG_SECONDS = 75;

function isLong(form: string): boolean {
  const parameters = new URLSearchParams(form);
  return Number(parameters.get('end')) - Number(parameters.get('start')) > LONG_SECONDS;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
