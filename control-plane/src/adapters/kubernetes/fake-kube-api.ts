/**
 * A Kubernetes API in memory behind the transport port, for unit tests: objects, revisions, preconditions and watches, no schema.
 * Faults are ordered one by one and strike the next request that they match, so a test says what goes wrong and when.
 */
import { FakeWatch } from './fake-watch.ts';
import { isRecord, keyOf, type KubeObject, type ObjectMeta } from './kube-object.ts';
import {
  TransportError,
  type KubeTransport,
  type TransportRequest,
  type TransportResponse,
  type TransportStream,
} from './transport.ts';

export interface FakeRequest {
  readonly method: TransportRequest['method'];
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
}

export type FakeFault =
  | { readonly kind: 'status'; readonly code: number; readonly reason?: string; readonly retryAfterSeconds?: number }
  /** Never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset'; readonly sent: boolean }
  /** Takes effect, and the answer is lost. */
  | { readonly kind: 'lostAnswer' }
  /** Does something else first, such as another writer's change, and then answers as usual. */
  | { readonly kind: 'before'; readonly run: () => void };

interface PendingFault {
  readonly match: (request: FakeRequest) => boolean;
  readonly fault: FakeFault;
  times: number;
}

type Stored = KubeObject & Readonly<Record<string, unknown>>;

export class FakeKubeApi implements KubeTransport {
  readonly requests: FakeRequest[] = [];
  readonly watches = new Set<FakeWatch>();
  /** Every page of a list names the first as the next one. */
  endlessPages = false;
  readonly #objects = new Map<string, Stored>();
  readonly #faults: PendingFault[] = [];
  #revision = 100;
  #uids = 0;

  constructor() {
    this.put('/api/v1/namespaces', { metadata: { name: 'kube-system' } });
  }

  get revision(): number {
    return this.#revision;
  }

  set revision(value: number) {
    this.#revision = value;
  }

  /** Strikes the next `times` requests that `match`. */
  fault(
    fault: FakeFault,
    match: Partial<Pick<FakeRequest, 'verb' | 'method'>> & { path?: RegExp; times?: number } = {},
  ): void {
    const matches = (request: FakeRequest): boolean =>
      (match.verb ?? request.verb) === request.verb &&
      (match.method ?? request.method) === request.method &&
      (match.path?.test(request.path) ?? true);
    this.#faults.push({ match: matches, fault, times: match.times ?? 1 });
  }

  clearFaults(): void {
    this.#faults.length = 0;
  }

  /** Creates or replaces an object and tells watches. */
  put(collection: string, object: Readonly<Record<string, unknown>>): Stored {
    const metadata = isRecord(object.metadata) ? object.metadata : {};
    const path = `${collection}/${String(metadata.name)}`;
    const before = this.#objects.get(path);
    const uid = metadata.uid ?? before?.metadata.uid ?? `uid-${String((this.#uids += 1))}`;
    const stored: Stored = { ...object, metadata: { ...metadata, uid, resourceVersion: this.#next() } as ObjectMeta };
    this.#objects.set(path, stored);
    this.#tell(collection, before === undefined ? 'ADDED' : 'MODIFIED', stored);
    return stored;
  }

  /** Removes an object; silently, when a watch is to miss it. */
  remove(collection: string, name: string, { silently = false } = {}): void {
    const path = `${collection}/${name}`;
    const stored = this.#objects.get(path);
    this.#objects.delete(path);
    if (stored === undefined) return;
    const gone = { ...stored, metadata: { ...stored.metadata, resourceVersion: this.#next() } };
    if (!silently) this.#tell(collection, 'DELETED', gone);
  }

  object(collection: string, name: string): Stored | undefined {
    return this.#objects.get(`${collection}/${name}`);
  }

  /** Stores an object as it was, silently, as after the restore of a backup. */
  restore(collection: string, object: KubeObject): void {
    this.#objects.set(`${collection}/${object.metadata.name}`, { ...object });
  }

  /** As after the loss of etcd: nothing is left, and nobody is told. */
  wipe({ revision = 1 } = {}): void {
    this.#objects.clear();
    this.#revision = revision;
    for (const watch of this.watches) watch.break();
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    const parsed = this.#record(request);
    const fault = await this.#strike(parsed, request.signal);
    if (fault?.kind === 'status') return failure(fault.code, fault);
    const response = this.#handle(parsed);
    if (fault?.kind === 'lostAnswer') throw new TransportError('ECONNRESET', { sent: true });
    return response;
  }

  async open(request: TransportRequest): Promise<TransportStream> {
    const parsed = this.#record(request);
    const fault = await this.#strike(parsed, request.signal);
    if (fault?.kind === 'status') {
      const response = failure(fault.code, fault);
      const chunks = (async function* () {
        yield await Promise.resolve(Buffer.from(response.body));
      })();
      return { ...response, chunks };
    }
    const watch = new FakeWatch(parsed.path);
    this.watches.add(watch);
    request.signal.addEventListener('abort', () => this.watches.delete(watch), { once: true });
    const since = Number(parsed.query.get('resourceVersion'));
    for (const [path, stored] of this.#objects) {
      if (collectionOf(path) === parsed.path && Number(stored.metadata.resourceVersion) > since)
        watch.send('ADDED', stored);
    }
    return { status: 200, headers: {}, chunks: watch.chunks(request.signal) };
  }

  close(): void {
    for (const watch of this.watches) watch.end();
  }

  /** Requests made of these verbs, in order. */
  verbs(path = /./): string[] {
    return this.requests.filter((request) => path.test(request.path)).map((request) => request.verb);
  }

  #record(request: TransportRequest): FakeRequest {
    const url = new URL(request.path, 'http://fake');
    const isObject = /\/(namespaces|leases|events|storagepolicies|volumemigrations|widgets)\/[^/]+(\/status)?$/.test(
      url.pathname,
    );
    const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;
    const read = url.searchParams.has('watch') ? 'watch' : isObject ? 'get' : 'list';
    const parsed: FakeRequest = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      body: request.body === undefined ? undefined : JSON.parse(request.body),
      verb: request.method === 'GET' ? read : verbs[request.method],
    };
    this.requests.push(parsed);
    return parsed;
  }

  async #strike(request: FakeRequest, signal: AbortSignal): Promise<FakeFault | undefined> {
    await Promise.resolve();
    const pending = this.#faults.find((candidate) => candidate.times > 0 && candidate.match(request));
    if (pending === undefined) return undefined;
    pending.times -= 1;
    const { fault } = pending;
    if (fault.kind === 'reset') throw new TransportError('ECONNRESET', { sent: fault.sent });
    if (fault.kind === 'hang') {
      await new Promise((_, reject) => {
        const abort = (): void => reject(new TransportError('aborted', { sent: true, cause: signal.reason }));
        signal.addEventListener('abort', abort, { once: true });
      });
    }
    if (fault.kind === 'before') fault.run();
    return fault;
  }

  #handle({ path, method, query, body, verb }: FakeRequest): TransportResponse {
    if (verb === 'list') return this.#list(path, query);
    if (method === 'POST') {
      const object = body as Stored;
      if (this.#objects.has(`${path}/${object.metadata.name}`)) return failure(409, { reason: 'AlreadyExists' });
      return success(this.put(path, object));
    }
    const target = path.replace(/\/status$/, '');
    const stored = this.#objects.get(target);
    if (stored === undefined) return failure(404, { reason: 'NotFound' });
    if (verb === 'get') return success(stored);
    const sent = (body ?? {}) as { metadata?: Record<string, unknown>; preconditions?: Record<string, unknown> };
    const { uid, resourceVersion } = { ...sent.metadata, ...sent.preconditions };
    const moved = resourceVersion !== undefined && resourceVersion !== stored.metadata.resourceVersion;
    if (moved || (uid !== undefined && uid !== stored.metadata.uid)) return failure(409, { reason: 'Conflict' });
    if (method === 'DELETE') return this.#delete(target, stored);
    const next = (method === 'PATCH' ? merged(stored, sent) : body) as Stored;
    const kept = path.endsWith('/status') ? { ...stored, status: next.status } : { ...next, status: stored.status };
    if (kept.metadata.deletionTimestamp !== undefined && (kept.metadata.finalizers ?? []).length === 0) {
      this.remove(collectionOf(target), stored.metadata.name);
      return success(kept);
    }
    return success(this.put(collectionOf(target), kept));
  }

  #delete(path: string, stored: Stored): TransportResponse {
    if ((stored.metadata.finalizers ?? []).length === 0) {
      this.remove(collectionOf(path), stored.metadata.name);
      return success({ kind: 'Status', status: 'Success' });
    }
    const metadata = { ...stored.metadata, deletionTimestamp: '2025-01-01T00:00:00Z' };
    return success(this.put(collectionOf(path), { ...stored, metadata }));
  }

  #list(path: string, query: URLSearchParams): TransportResponse {
    const all = [...this.#objects].filter(([key]) => collectionOf(key) === path).map(([, stored]) => stored);
    all.sort((a, b) => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1));
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? all.length) || all.length;
    const next = this.endlessPages ? '0' : from + limit < all.length ? String(from + limit) : undefined;
    const more = next === undefined ? {} : { continue: next };
    const metadata = { resourceVersion: String(this.#revision), ...more };
    return success({ kind: 'List', metadata, items: all.slice(from, from + limit) });
  }

  #next(): string {
    this.#revision += 1;
    return String(this.#revision);
  }

  #tell(collection: string, type: string, object: Stored): void {
    for (const watch of this.watches) if (watch.path === collection) watch.send(type, object);
  }
}

function collectionOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function success(body: unknown): TransportResponse {
  return { status: 200, headers: {}, body: JSON.stringify(body) };
}

function failure(
  code: number,
  { reason = 'Fault', retryAfterSeconds }: { reason?: string; retryAfterSeconds?: number },
): TransportResponse {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  const body = { kind: 'Status', status: 'Failure', code, reason, message: `${reason} (${String(code)})` };
  return { status: code, headers, body: JSON.stringify(body) };
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = merged(result[name], value);
  }
  return result;
}
