/**
 * Keeps a target in step with one resource: list in pages, watch from the list's revision, and start again after whatever goes
 * wrong, for ever, with jittered capped backoff. (client-node's informer ends for good on any error but 410 and time-out.) The
 * target judges lists; one it does not take is never followed by a watch.
 */
import {
  backoffDelayMs,
  CoucheStorError,
  InvariantError,
  toCoucheStorError,
  type Clock,
} from '@couchestor/common/base';
import { retryAfterMsOf } from './api-error.ts';
import type { ClusterIdentity } from './emptied-api-guard.ts';
import type { InformerTiming } from './informer-timing.ts';
import type { KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { newest, orderOf } from './resource-version.ts';
import { NAMESPACES, type KubeResource } from './resources.ts';
import type { Bookmark, ObjectEvent } from './watch-events.ts';

export interface ObjectList {
  readonly items: readonly KubeObject[];
  readonly revision: string;
  readonly cluster: ClusterIdentity;
}

export interface ReflectorTarget {
  /** True when the list was taken. */
  onList(list: ObjectList): boolean;
  /** Whether a server at this revision can be the one followed so far. */
  isPlausible(server: Pick<ObjectList, 'revision' | 'cluster'>): boolean;
  /** False when the event was older than what is known of its object. */
  onEvent(event: ObjectEvent): boolean;
  /** An event came out of order; a new list will follow. */
  onDisorder(): void;
  onBookmark(revision: string): void;
  /** A list arrived, whatever it said. */
  onListed(): void;
  onFailure(error: CoucheStorError, pauseMs: number): void;
}

export interface ReflectorOptions {
  readonly client: KubeClient;
  readonly resource: KubeResource;
  readonly namespace?: string | undefined;
  readonly timing: InformerTiming;
  readonly random: () => number;
  readonly target: ReflectorTarget;
}

/** A watch that ends sooner and said nothing counts as failed, or a broken proxy would be asked in a tight loop. */
const SHORT_WATCH_MS = 1_000;
/** Watches failed in a row before the revision they start from is doubted. */
const WATCH_FAILURES_BEFORE_RELIST = 3;
/** Lists in pages that expired on the way, before one without pages is tried. */
const PAGED_ATTEMPTS = 3;

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #clock: Clock;
  /** Where the next watch starts; undefined when a list is due. */
  #revision: string | undefined;
  /** After a broken connection another server, or an emptied one, may answer the next. */
  #inDoubt = false;
  #failures = 0;
  #listedMs = -Infinity;
  #relistDueMs = Infinity;
  #endWatch: (() => void) | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#clock = options.client.clock;
  }

  /** Returns when `signal` aborts. Thrown: InvariantError only. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pauseMs = await this.#cycle(signal).catch((error: unknown) => this.#pauseAfter(error, signal));
      // An abort during the pause ends the loop by its condition.
      if (pauseMs > 0) await this.#clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  /** One list, one watch, or both; returns the pause before the next. */
  async #cycle(signal: AbortSignal): Promise<number> {
    if (this.#inDoubt && this.#revision !== undefined) await this.#probe(signal);
    this.#inDoubt = false;
    const listDue = this.#revision === undefined;
    if (listDue && !(await this.#list(signal))) return this.#jittered(this.#options.timing.suspectRetryMs);
    await this.#watch(signal);
    return 0;
  }

  /**
   * A watch from a revision that a restored server has not reached yet is silent instead of failing, so its revision is looked
   * at first: one small page instead of a whole list.
   */
  async #probe(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, target } = this.#options;
    const cluster = await this.#readIdentity(signal);
    const { resourceVersion: revision } = await client.list(resource, { namespace, limit: 1, signal });
    if (!target.isPlausible({ revision, cluster })) this.#revision = undefined;
  }

  #pauseAfter(thrown: unknown, signal: AbortSignal): number {
    if (thrown instanceof InvariantError) throw thrown;
    const error = toCoucheStorError(thrown);
    this.#failures += 1;
    this.#inDoubt = true;
    const gone = error.code === 'gone' || error.code === 'corrupt';
    if (gone || this.#failures >= WATCH_FAILURES_BEFORE_RELIST) this.#revision = undefined;
    const pauseMs = this.#pauseMs(error, gone);
    if (!signal.aborted) this.#options.target.onFailure(error, pauseMs);
    return pauseMs;
  }

  #pauseMs(error: CoucheStorError, gone: boolean): number {
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs, deniedRetryMs } = this.#options.timing;
    // The first 410 is an ordinary event: it needs a list, not a pause.
    if (gone && this.#failures === 1) return 0;
    const denied = error.code === 'unauthorized' || error.code === 'forbidden' || error.code === 'notFound';
    if (denied) return this.#jittered(deniedRetryMs);
    const backoffMs = backoffDelayMs({ attempt: this.#failures - 1, baseMs, maxMs, random: this.#options.random });
    return Math.max(backoffMs, retryAfterMsOf(error));
  }

  async #list(signal: AbortSignal): Promise<boolean> {
    const { timing, target } = this.#options;
    const cluster = await this.#readIdentity(signal);
    const { items, revision } = await this.#readPages(signal);
    this.#listedMs = this.#clock.monotonic();
    target.onListed();
    if (!target.onList({ items, revision, cluster })) return false;
    this.#revision = revision;
    this.#relistDueMs = this.#listedMs + this.#jittered(timing.relistMs);
    return true;
  }

  async #readPages(signal: AbortSignal): Promise<{ items: readonly KubeObject[]; revision: string }> {
    for (let attempt = 1; ; attempt += 1) {
      const limit = attempt > PAGED_ATTEMPTS ? undefined : this.#options.timing.pageSize;
      try {
        return await this.#readOnce(limit, signal);
      } catch (error) {
        // The revision that the pages are of was compacted on the way.
        const expired = error instanceof CoucheStorError && error.code === 'gone' && limit !== undefined;
        if (!expired) throw error;
      }
    }
  }

  async #readOnce(limit: number | undefined, signal: AbortSignal): Promise<{ items: KubeObject[]; revision: string }> {
    const { client, resource, namespace } = this.#options;
    // No resourceVersion: a consistent read. With "0" a lagging server could answer from the past.
    let page = await client.list(resource, { namespace, limit, signal });
    const revision = page.resourceVersion;
    const items = [...page.items];
    while (page.continueToken !== undefined) {
      const { continueToken } = page;
      page = await client.list(resource, { namespace, limit, continueToken, signal });
      if (page.continueToken === continueToken) throw new CoucheStorError('corrupt', 'The pages of a list do not end.');
      if (page.resourceVersion !== revision) {
        throw new CoucheStorError('gone', 'The pages of a list are of different revisions.');
      }
      items.push(...page.items);
    }
    return { items, revision };
  }

  async #readIdentity(signal: AbortSignal): Promise<ClusterIdentity> {
    try {
      const { metadata } = await this.#options.client.get(NAMESPACES, { name: 'kube-system' }, { signal });
      return { kind: 'known', uid: metadata.uid };
    } catch (error) {
      const { code } = toCoucheStorError(error);
      if (code === 'notFound') return { kind: 'absent' };
      if (code === 'forbidden') return { kind: 'unreadable' };
      throw error;
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, timing } = this.#options;
    const startedMs = this.#clock.monotonic();
    const ending = new AbortController();
    let relistTimer: { cancel(): void } | undefined;
    this.#endWatch = () => {
      relistTimer?.cancel();
      relistTimer = this.#clock.setTimer(this.#relistDueMs - this.#clock.monotonic(), () => ending.abort());
    };
    this.#endWatch();
    const abort = (): void => ending.abort();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const timeoutSeconds = Math.max(1, Math.round(this.#jittered(timing.watchTimeoutMs) / 1000));
    const options = { namespace, timeoutSeconds, livenessMs: timing.livenessMs, signal: ending.signal };
    let quiet = true;
    try {
      for await (const event of client.watch(resource, { ...options, resourceVersion: this.#revision ?? '' })) {
        quiet = false;
        this.#onEvent(event);
      }
      if (quiet && this.#clock.monotonic() - startedMs < SHORT_WATCH_MS) {
        throw new CoucheStorError('unavailable', 'The watch ended as soon as it began.');
      }
    } catch (error) {
      if (!ending.signal.aborted) throw error;
      if (!signal.aborted) this.#revision = undefined;
    } finally {
      // It held for a while: what fails next is another story.
      if (this.#clock.monotonic() - startedMs >= timing.backoffMaxMs) this.#failures = 0;
      this.#endWatch = undefined;
      relistTimer?.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  #onEvent(event: ObjectEvent | Bookmark): void {
    const { target } = this.#options;
    this.#failures = 0;
    const revision = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
    // Within a watch revisions only grow; where they do not, something between dropped or shuffled events.
    const shuffled = this.#revision !== undefined && orderOf(revision, this.#revision) === 'older';
    this.#revision = newest(this.#revision, revision);
    let inOrder = true;
    if (event.type === 'BOOKMARK') target.onBookmark(revision);
    else inOrder = target.onEvent(event);
    if (!shuffled && inOrder) return;
    target.onDisorder();
    this.#hastenRelist();
  }

  /** Lists again as soon as the minimum interval allows; the watch goes on until then. */
  #hastenRelist(): void {
    const { minRelistMs } = this.#options.timing;
    this.#relistDueMs = Math.min(this.#relistDueMs, Math.max(this.#clock.monotonic(), this.#listedMs + minRelistMs));
    this.#endWatch?.();
  }

  #jittered(ms: number): number {
    return ms * (0.9 + 0.2 * this.#options.random());
  }
}
