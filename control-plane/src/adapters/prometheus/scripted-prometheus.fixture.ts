/** An HTTP server that answers queries as a test says, and remembers them. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Query {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

export type Reply = (query: Query, response: ServerResponse) => void;

export class ScriptedPrometheus {
  readonly queries: Query[] = [];
  /** How it answers from now on. */
  reply: Reply = (_, response) => void response.end(matrix({}));
  readonly #server: Server;
  #waiting: (() => void)[] = [];

  private constructor(makeServer: (listener: RequestListener) => Server) {
    this.#server = makeServer((request, response) => void this.#serve(request, response));
  }

  static async start(makeServer: (listener: RequestListener) => Server = createServer): Promise<ScriptedPrometheus> {
    const scripted = new ScriptedPrometheus(makeServer);
    scripted.#server.listen(0, '127.0.0.1');
    await once(scripted.#server, 'listening');
    return scripted;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves once as many queries have arrived in all. */
  async received(count: number): Promise<void> {
    while (this.queries.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client may give up before it was read, which is what some tests are about.
    request.on('error', () => undefined);
    const body = await bodyOf(request);
    if (body === undefined) return;
    const { method, url: path, headers } = request;
    const query = { method, path, headers, form: new URLSearchParams(body) };
    // Tests run on a clock of their own, which the date of the machine would contradict.
    response.sendDate = false;
    this.queries.push(query);
    for (const wake of this.#waiting.splice(0)) wake();
    this.reply(query, response);
  }
}

/** Undefined when the client has gone. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}

/** The moments that a query asks for, in seconds. */
export function momentsOf({ form }: Query): readonly number[] {
  const [start = NaN, end = NaN, step = NaN] = ['start', 'end', 'step'].map((name) => Number(form.get(name)));
  return Array.from({ length: Math.round((end - start) / step) + 1 }, (_, index) => start + index * step);
}

/** The text of a successful answer; samples by volume, under the label of Mayastor unless another is given. */
export function matrix(
  samples: Readonly<Record<string, readonly (readonly [number, string])[]>>,
  { label = 'pv_name', ...more }: Readonly<Record<string, unknown>> & { label?: string } = {},
): string {
  const result = Object.entries(samples).map(([volume, values]) => ({ metric: { [label]: volume }, values }));
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result }, ...more });
}

/** Every volume has the same number of operations at every moment asked for. */
export function steady(query: Query, iopsByVolume: Readonly<Record<string, number>>): string {
  const entries = Object.entries(iopsByVolume).map(
    ([volume, iops]) => [volume, momentsOf(query).map((time) => [time, String(iops)] as const)] as const,
  );
  return matrix(Object.fromEntries(entries));
}

export function errorBody(errorType: string, error: string): string {
  return JSON.stringify({ status: 'error', errorType, error });
}
