/**
 * One open watch. It keeps no queue of its own: it is a cursor into the event log of the store, moved on as fast as
 * the client reads. A slow client costs what its socket buffers, and once the log has been compacted past its cursor
 * it is told 410 and closed.
 */
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '@couchestor/common/base';
import { ApiError } from '../api-error.ts';
import type { FaultInjector, FaultRequest } from '../faults.ts';
import { storageOf } from '../registry.ts';
import type { ListOptions } from '../rest/options.ts';
import { present } from '../rest/versions.ts';
import { bucketOf } from '../store/store.ts';
import type { Store, StoreEvent } from '../store/store.ts';
import { apiVersionOf } from '../types.ts';
import type { JsonObject, KubeObject, ObjectMeta, ResourceType } from '../types.ts';

interface WatchParts {
  store: Store;
  clock: Clock;
  faults: FaultInjector;
  bookmarkIntervalMs: number;
}

interface WatchRequest {
  type: ResourceType;
  /** Undefined for all namespaces. */
  namespace: string | undefined;
  options: ListOptions;
  fault: FaultRequest;
  /** How an object is shown; a bookmark has nothing but a resourceVersion. */
  render: (object: KubeObject, bookmark: boolean) => JsonObject;
}

type EventType = StoreEvent['type'] | 'BOOKMARK' | 'ERROR';

/** Lines are gathered into chunks of about this size before they are handed to the socket. */
const chunkLength = 64 * 1024;
const minTimeoutMs = 30 * 60_000;

export class Watch {
  readonly #parts: WatchParts;
  readonly #request: WatchRequest;
  readonly #response: ServerResponse;
  readonly #bucket: string;
  readonly #timers: Timer[] = [];
  /** Objects to show first, and how many have been. */
  #initial: readonly KubeObject[] = [];
  #initialSent = 0;
  /** Events up to here are dealt with. */
  #cursor: number;
  #heldBack: string | undefined;
  #chunk = '';
  #silent = false;
  #closed = false;
  #scheduled = false;
  #unsubscribe: () => void = () => undefined;

  constructor(parts: WatchParts, request: WatchRequest, response: ServerResponse) {
    const { store } = parts;
    const { options, type, namespace } = request;
    this.#parts = parts;
    this.#request = request;
    this.#response = response;
    this.#bucket = bucketOf(storageOf(type));
    const fromNow = options.resourceVersion === '' || options.resourceVersion === '0';
    this.#cursor = fromNow ? store.revision : Number(options.resourceVersion);
    if (fromNow) this.#initial = store.list(storageOf(type), namespace);
  }

  start(): void {
    const { clock, store, bookmarkIntervalMs } = this.#parts;
    const { options } = this.#request;
    this.#response.on('close', () => this.close());
    this.#response.on('drain', () => this.#pump());
    this.#unsubscribe = store.subscribe(() => this.#schedule());
    const timeoutMs = options.timeoutSeconds * 1000 || minTimeoutMs * (1 + Math.random());
    this.#timers.push(clock.setTimer(timeoutMs, () => this.finish()));
    if (options.allowWatchBookmarks) this.#bookmarkEvery(bookmarkIntervalMs);
    this.#response.flushHeaders();
    this.#pump();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe();
    for (const timer of this.#timers) timer.cancel();
    this.#response.end();
  }

  /** Writes of one tick are sent together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #bookmarkEvery(intervalMs: number): void {
    const timer = this.#parts.clock.setTimer(intervalMs, () => {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      this.#pump();
      this.#sendBookmark();
      if (!this.#closed) this.#bookmarkEvery(intervalMs);
    });
    this.#timers.push(timer);
  }

  /** Ends the stream, having said how far it came; the client is expected to come back. */
  finish(): void {
    this.#pump();
    if (this.#isSilenced()) return;
    if (this.#request.options.allowWatchBookmarks) this.#sendBookmark();
    this.close();
  }

  /** Sends all there is, or until the socket is full. */
  #pump(): void {
    while (!this.#closed && !this.#response.writableNeedDrain && !this.#isSilenced()) {
      if (!this.#step()) {
        this.#flush();
        return;
      }
      if (this.#chunk.length >= chunkLength) this.#flush();
    }
  }

  /** Deals with one event; false when there is none. */
  #step(): boolean {
    const { store } = this.#parts;
    const first = this.#initial[this.#initialSent];
    if (first !== undefined) {
      this.#initialSent += 1;
      const object = present(first, this.#request.type);
      if (this.#request.options.selects(object)) this.#send('ADDED', object);
      return true;
    }
    this.#initial = [];
    if (this.#cursor < store.compactedRevision) {
      const why = `too old resource version: ${this.#cursor} (${store.compactedRevision})`;
      this.#chunk += `${JSON.stringify({ type: 'ERROR', object: ApiError.expired(why).toStatus() })}\n`;
      this.#flush();
      this.close();
      return false;
    }
    const event = store.eventAt(this.#cursor + 1);
    if (event === undefined) return false;
    this.#cursor += 1;
    if (event.bucket === this.#bucket) this.#sendEvent(event);
    return true;
  }

  /** An object that enters or leaves the selection was, for this client, added or deleted. */
  #sendEvent({ type, key, object, previous, revision }: StoreEvent): void {
    const { type: resource, namespace, options } = this.#request;
    if (namespace !== undefined && !key.startsWith(`${namespace}/`)) return;
    const after = present(object, resource);
    const before = previous && present(previous, resource);
    const selectedBefore = before !== undefined && options.selects(before);
    const selectedAfter = type !== 'DELETED' && options.selects(after);
    if (selectedAfter) this.#send(selectedBefore ? 'MODIFIED' : 'ADDED', after);
    else if (selectedBefore) {
      this.#send('DELETED', { ...before, metadata: { ...before.metadata, resourceVersion: String(revision) } });
    }
  }

  #send(type: EventType, object: KubeObject): void {
    const bookmark = type === 'BOOKMARK';
    const line = `${JSON.stringify({ type, object: this.#request.render(object, bookmark) })}\n`;
    const mode = bookmark ? undefined : this.#parts.faults.take(this.#request.fault, 'watch-events')?.mode;
    const held = this.#heldBack ?? '';
    if (mode === 'reorder' && held === '') {
      this.#heldBack = line;
      return;
    }
    this.#heldBack = undefined;
    if (mode === 'drop') this.#chunk += held;
    else this.#chunk += (mode === 'duplicate' ? line + line : line) + held;
  }

  /** Says how far the client has come, if it has all there is. */
  #sendBookmark(): void {
    if (this.#closed || this.#isSilenced() || this.#cursor !== this.#parts.store.revision) return;
    const { type } = this.#request;
    const metadata = { resourceVersion: String(this.#cursor) } as ObjectMeta;
    this.#send('BOOKMARK', { apiVersion: apiVersionOf(type), kind: type.kind, metadata });
    this.#flush();
  }

  #isSilenced(): boolean {
    this.#silent ||= this.#parts.faults.take(this.#request.fault, 'half-open-watch') !== undefined;
    return this.#silent;
  }

  #flush(): void {
    if (this.#chunk === '' || this.#closed) return;
    this.#response.write(this.#chunk);
    this.#chunk = '';
  }
}
