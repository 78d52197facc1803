/**
 * The verbs of the Kubernetes API on any resource, as JSON. Every request has a deadline, obeys a signal, passes a client-side
 * rate limit (so that a loop gone wild cannot flood the API server), and fails with a CoucheStorError only. Nothing is
 * retried here: who calls knows what a repetition means.
 */
import { CoucheStorError, Deadline, realClock, TokenBucket, withDeadline, type Clock } from '@couchestor/common/base';
import { errorOfFailure, errorOfResponse, errorOfStatus, type RequestContext } from './api-error.ts';
import { isKubeObject, isRecord, keyOf, type KubeObject, type NewObject, type ObjectRef } from './kube-object.ts';
import { pathOf, qualifiedName, type KubeResource, type PathOptions } from './resources.ts';
import { TransportError, type KubeTransport, type TransportRequest } from './transport.ts';
import { watchEvents, type Bookmark, type ObjectEvent } from './watch-events.ts';

export interface KubeClientOptions {
  readonly transport: KubeTransport;
  readonly clock?: Clock;
  /** Requests per second in the long run; 20 by default. */
  readonly requestsPerSecond?: number;
  /** Requests at once after idling; 40 by default. */
  readonly burst?: number;
  /** Deadline of a request, waiting for the rate limit included; 15 s by default. */
  readonly requestTimeoutMs?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Names the next page; absent on the last one. */
  readonly continueToken?: string;
}

export interface WatchOptions extends CallOptions {
  readonly resourceVersion: string;
  readonly namespace?: string | undefined;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds: number;
  /** The watch fails with `timeout` when no byte arrives for this long. */
  readonly livenessMs: number;
}

type Method = TransportRequest['method'];
type Query = Readonly<Record<string, string | number | boolean | undefined>>;
interface Call extends CallOptions {
  readonly method: Method;
  readonly verb: string;
  readonly path: PathOptions;
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
}

export class KubeClient {
  readonly clock: Clock;
  readonly #transport: KubeTransport;
  readonly #limit: TokenBucket;
  readonly #timeoutMs: number;

  constructor(options: KubeClientOptions) {
    this.clock = options.clock ?? realClock;
    this.#transport = options.transport;
    this.#timeoutMs = options.requestTimeoutMs ?? 15_000;
    this.#limit = new TokenBucket({
      ratePerSecond: options.requestsPerSecond ?? 20,
      burst: options.burst ?? 40,
      clock: this.clock,
    });
  }

  /** The object as the server has it now. Thrown when there is none: `notFound`. */
  async get(resource: KubeResource, ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject> {
    const { name, namespace } = ref;
    return this.#object(resource, { ...options, method: 'GET', verb: 'get', path: { name, namespace } });
  }

  /** One page of a consistent read. Thrown when `continueToken` is too old: `gone`. */
  async list(
    resource: KubeResource,
    options: CallOptions & {
      namespace?: string | undefined;
      /** Such as `app in (agent-core, api-rest)`. */
      labelSelector?: string | undefined;
      limit?: number | undefined;
      continueToken?: string | undefined;
    },
  ): Promise<ListPage> {
    const { namespace, labelSelector, limit, continueToken, ...rest } = options;
    const query = { labelSelector, limit, continue: continueToken };
    const call: Call = { ...rest, method: 'GET', verb: 'list', path: { namespace }, query };
    const page = await this.#json(resource, call);
    const { metadata, items } = isRecord(page) ? page : {};
    const { resourceVersion, continue: next } = isRecord(metadata) ? metadata : {};
    // Go writes an empty list of some types as null.
    const objects = items === null ? [] : items;
    if (typeof resourceVersion !== 'string' || !Array.isArray(objects) || !objects.every(isKubeObject)) {
      throw malformed(contextOf(resource, call));
    }
    return {
      items: objects,
      resourceVersion,
      ...(typeof next === 'string' && next !== '' ? { continueToken: next } : {}),
    };
  }

  async create(resource: KubeResource, object: NewObject, options: CallOptions = {}): Promise<KubeObject> {
    const path = { namespace: object.metadata.namespace };
    return this.#object(resource, { ...options, method: 'POST', verb: 'create', path, body: object });
  }

  /** Replaces the object if it still has the resourceVersion of `object`. Thrown when not: `conflict`. */
  async replace(
    resource: KubeResource,
    object: KubeObject,
    options: CallOptions & { subresource?: 'status' } = {},
  ): Promise<KubeObject> {
    const { subresource, ...rest } = options;
    const path = { name: object.metadata.name, namespace: object.metadata.namespace, subresource };
    return this.#object(resource, { ...rest, method: 'PUT', verb: 'update', path, body: object });
  }

  /** A JSON merge patch; with uid and resourceVersion in its metadata, only on that version. Thrown when not: `conflict`. */
  async mergePatch(
    resource: KubeResource,
    ref: ObjectRef,
    options: CallOptions & { patch: unknown; subresource?: 'status' | undefined },
  ): Promise<KubeObject> {
    const { patch, subresource, ...rest } = options;
    const path = { name: ref.name, namespace: ref.namespace, subresource };
    const contentType = 'application/merge-patch+json';
    return this.#object(resource, { ...rest, method: 'PATCH', verb: 'patch', path, body: patch, contentType });
  }

  /** Returns what the server answered: the object while finalizers hold it, else a Status. */
  async delete(
    resource: KubeResource,
    ref: ObjectRef,
    options: CallOptions & { resourceVersion?: string | undefined } = {},
  ): Promise<unknown> {
    const { resourceVersion, ...rest } = options;
    const preconditions = { uid: ref.uid, resourceVersion };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions };
    const path = { name: ref.name, namespace: ref.namespace };
    return this.#json(resource, { ...rest, method: 'DELETE', verb: 'delete', path, body });
  }

  /**
   * Events after `resourceVersion`, until the server ends the watch; closing the generator closes the connection. Thrown when
   * that version is too old: `gone`, at connect or later; silence for `livenessMs`: `timeout`.
   */
  async *watch(resource: KubeResource, options: WatchOptions): AsyncGenerator<ObjectEvent | Bookmark, void, undefined> {
    const { resourceVersion, namespace, timeoutSeconds, livenessMs, signal, timeoutMs = this.#timeoutMs } = options;
    const query = { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
    const call: Call = { method: 'GET', verb: 'watch', path: { namespace }, query };
    const context = contextOf(resource, call);
    const what = `Watching ${context.resource}`;
    const deadline = new Deadline({ clock: this.clock, timeoutMs, signal, what });
    try {
      await this.#admit(deadline.signal, context);
      const stream = await deadline.race(this.#transport.open(requestOf(resource, call, deadline.signal)));
      deadline.restart(livenessMs);
      if (stream.status !== 200) throw errorOfResponse({ ...stream, body: await firstText(stream.chunks) }, context);
      for await (const event of watchEvents(observed(stream.chunks, () => deadline.restart(livenessMs)))) {
        if (event.type === 'ERROR') throw errorOfStatus(event.status, context);
        yield event;
      }
    } catch (error) {
      throw error instanceof CoucheStorError ? error : errorOfFailure(error, context);
    } finally {
      deadline.release();
    }
  }

  /** Waits for the rate limit. */
  async #admit(signal: AbortSignal, context: RequestContext): Promise<void> {
    await this.#limit.take(1, signal).catch(() => {
      throw errorOfFailure(new TransportError('', { sent: false, cause: signal.reason }), context);
    });
  }

  async #object(resource: KubeResource, call: Call): Promise<KubeObject> {
    const answer = await this.#json(resource, call);
    if (!isKubeObject(answer)) throw malformed(contextOf(resource, call));
    return answer;
  }

  async #json(resource: KubeResource, call: Call): Promise<unknown> {
    const context = contextOf(resource, call);
    const { signal, timeoutMs = this.#timeoutMs } = call;
    const what = `The request to ${call.verb} ${context.resource}`;
    const response = await withDeadline({ clock: this.clock, timeoutMs, signal, what }, async (limited) => {
      await this.#admit(limited, context);
      return this.#transport.request(requestOf(resource, call, limited));
    }).catch((error: unknown) => {
      throw errorOfFailure(error, context);
    });
    if (response.status < 200 || response.status > 299) throw errorOfResponse(response, context);
    try {
      return JSON.parse(response.body) as unknown;
    } catch (error) {
      throw errorOfFailure(error, context);
    }
  }
}

function contextOf(resource: KubeResource, { verb, path: { name, namespace } }: Call): RequestContext {
  const key = name === undefined ? '' : keyOf({ name, ...(namespace === undefined ? {} : { namespace }) });
  return { verb, resource: qualifiedName(resource), key };
}

function requestOf(resource: KubeResource, call: Call, signal: AbortSignal): TransportRequest {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.set(name, String(value));
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  const content = call.body === undefined ? {} : { 'Content-Type': call.contentType ?? 'application/json' };
  return {
    method: call.method,
    path: pathOf(resource, call.path) + search,
    headers: { Accept: 'application/json', ...content },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal,
  };
}

/** An answer with a good status and a bad body: a write may have been made. */
function malformed(context: RequestContext): CoucheStorError {
  return new CoucheStorError(
    'unavailable',
    'The answer is not what the Kubernetes API would say; is a proxy between?',
    {
      fields: { ...context, outcome: 'unknown' },
    },
  );
}

async function* observed(
  chunks: AsyncIterable<Uint8Array>,
  onChunk: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    onChunk();
    yield chunk;
  }
}

/** Enough for a Status. */
const MAX_ERROR_BYTES = 64 * 1024;

async function firstText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    parts.push(chunk);
    if (parts.reduce((sum, part) => sum + part.length, 0) >= MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
