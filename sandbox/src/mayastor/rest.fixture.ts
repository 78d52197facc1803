/** A cluster behind its REST server, and what a client does with it. */
import { MayastorRest } from './rest.ts';
import { TestCluster } from './cluster.fixture.ts';
import type { ClusterOptions } from './types.ts';

export interface Reply {
  readonly status: number;
  /** The text where it is no JSON. */
  readonly body: unknown;
}

export interface Sent {
  readonly body?: unknown;
  /** Sent as it is. */
  readonly rawBody?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export class RestFixture {
  readonly test: TestCluster;
  readonly rest: MayastorRest;

  private constructor(test: TestCluster, rest: MayastorRest) {
    this.test = test;
    this.rest = rest;
  }

  static async start(
    names: readonly string[],
    { bearerToken, ...options }: Partial<ClusterOptions> & { bearerToken?: string } = {},
  ): Promise<RestFixture> {
    const test = TestCluster.withNodes(names, options);
    const rest = await MayastorRest.start({
      cluster: test.cluster,
      ...(bearerToken === undefined ? {} : { bearerToken }),
    });
    return new RestFixture(test, rest);
  }

  /** The path is below `/v0`. */
  async call(method: string, path: string, { body, rawBody, headers, signal }: Sent = {}): Promise<Reply> {
    const text = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${this.rest.url}/v0${path}`, {
      method,
      headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(text === undefined ? {} : { body: text }),
      ...(signal === undefined ? {} : { signal }),
    });
    const answer = await response.text();
    try {
      return { status: response.status, body: JSON.parse(answer) as unknown };
    } catch {
      return { status: response.status, body: answer };
    }
  }
}

/** `RestFixture.start` for the tests of a file; what it starts is stopped in what `afterEach` is given. */
export function startsRest(afterEach: (stop: () => Promise<void>) => void): typeof RestFixture.start {
  const running: RestFixture[] = [];
  afterEach(async () => {
    for (const { rest } of running.splice(0)) await rest.stop();
  });
  return async (...args) => {
    const fixture = await RestFixture.start(...args);
    running.push(fixture);
    return fixture;
  };
}

/** What is there in an answer, or undefined. */
export function pick(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}

export function items(value: unknown, ...keys: readonly (string | number)[]): unknown[] {
  const list = pick(value, ...keys);
  if (!Array.isArray(list)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return list;
}

export function keysOf(value: unknown, ...keys: readonly (string | number)[]): string[] {
  return Object.keys(pick(value, ...keys) as object);
}
