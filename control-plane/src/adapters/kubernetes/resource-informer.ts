/**
 * A cache of one resource that is kept up to date whatever the API server does, and that says when it may not be relied on.
 * Decisions take snapshot(), which is refused before the first list, while a list is under suspicion (see
 * emptied-api-guard.ts) and after a long silence: absence in a snapshot means that the object does not exist. During a
 * suspicion the last good state is kept, nothing is told to handlers, and lists go on until they make sense or are confirmed.
 */
import { ACCEPT_LOSS_ANNOTATION, formatTimestamp } from '@couchestor/common/api';
import { nullLogger, unlessAborted, type Clock, type CoucheStorError, type Logger } from '@couchestor/common/base';
import { ChangeDispatcher, type ChangeHandler } from './change-dispatcher.ts';
import { DEFAULT_GUARD, EmptiedApiGuard, type GuardOptions, type Suspicion } from './emptied-api-guard.ts';
import { DEFAULT_TIMING, type InformerTiming } from './informer-timing.ts';
import type { KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { ObjectCache, type Change, type Entry } from './object-cache.ts';
import { Reflector, type ObjectList } from './reflector.ts';
import { qualifiedName, type KubeResource } from './resources.ts';
import type { ObjectEvent } from './watch-events.ts';

export interface InformerOptions<T> {
  readonly client: KubeClient;
  readonly resource: KubeResource;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** Total: for an object it does not understand it returns a value that says so. */
  readonly decode: (raw: KubeObject) => T;
  /** What of an object is kept beside what `decode` made of it: everything by default, `identityOf` where that is enough. */
  readonly keep?: (raw: KubeObject) => KubeObject;
  readonly timing?: Partial<InformerTiming>;
  readonly guard?: Partial<GuardOptions>;
  readonly logger?: Logger;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export type InformerState = 'starting' | 'synced' | 'suspect' | 'stopped';

/** Why the cache may not be relied on now. */
export type Refusal = 'unsynced' | 'suspect' | 'outOfDate';

export interface Refused {
  readonly kind: 'refused';
  readonly reason: Refusal;
  readonly message: string;
}

export type Snapshot<T> = { readonly kind: 'ok'; readonly entries: readonly Entry<T>[] } | Refused;

export type Lookup<T> = { readonly kind: 'found'; readonly entry: Entry<T> } | { readonly kind: 'absent' } | Refused;

export interface InformerHealth {
  readonly state: InformerState;
  /** Whether snapshot() would be answered. */
  readonly ready: boolean;
  /** Why not, and what to do about it. */
  readonly message: string;
  readonly objectCount: number;
  readonly contactAgeMs: number | undefined;
  readonly suspicion: Suspicion | undefined;
  /** By when, in wall time, what is under suspicion was missing: whole seconds, as a person has to name it. */
  readonly lossTimeMs: number | undefined;
  /** The failure under way; undefined after the next contact. */
  readonly failure: CoucheStorError | undefined;
  readonly counts: Readonly<InformerCounts>;
}

interface InformerCounts {
  listsTaken: number;
  listsRefused: number;
  failures: number;
  outOfOrderEvents: number;
}

export class ResourceInformer<T> {
  readonly #resource: string;
  readonly #clock: Clock;
  readonly #timing: InformerTiming;
  readonly #logger: Logger;
  readonly #cache: ObjectCache<T>;
  readonly #guard: EmptiedApiGuard;
  readonly #dispatcher: ChangeDispatcher<T>;
  readonly #reflector: Reflector;
  readonly #synced = Promise.withResolvers<undefined>();
  readonly #counts: InformerCounts = { listsTaken: 0, listsRefused: 0, failures: 0, outOfOrderEvents: 0 };
  #state: InformerState = 'starting';
  /** Of the suspicion that began at this monotonic time. */
  #loss = { sinceMs: NaN, timeMs: 0 };
  /** Of the last list, event or bookmark. */
  #lastContactMs: number | undefined;
  #failure: CoucheStorError | undefined;

  constructor(options: InformerOptions<T>) {
    const { client, resource, namespace, logger = nullLogger, random = Math.random } = options;
    this.#resource = qualifiedName(resource);
    this.#clock = client.clock;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#logger = logger.child({ resource: this.#resource });
    this.#cache = new ObjectCache(options.decode, options.keep);
    this.#guard = new EmptiedApiGuard({ ...DEFAULT_GUARD, ...options.guard });
    this.#dispatcher = new ChangeDispatcher(this.#logger);
    const target = {
      onList: (list: ObjectList) => this.#onList(list),
      isPlausible: (server: Pick<ObjectList, 'revision' | 'cluster'>) => this.#guard.isPlausible(server),
      onEvent: (event: ObjectEvent) => this.#onEvent(event),
      onDisorder: () => void (this.#counts.outOfOrderEvents += 1),
      onBookmark: (revision: string) => {
        this.#guard.observeRevision(revision);
        this.#contact();
      },
      onListed: () => this.#contact(),
      onFailure: (error: CoucheStorError, pauseMs: number) => this.#onFailure(error, pauseMs),
    };
    this.#reflector = new Reflector({ client, resource, namespace, timing: this.#timing, random, target });
  }

  /** Follows the API until `signal` aborts. Thrown: InvariantError only. Call once. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    try {
      const following = this.#reflector.run(AbortSignal.any([signal, ending.signal]));
      await Promise.race([following, this.#dispatcher.broken]);
    } finally {
      ending.abort();
      this.#state = 'stopped';
    }
  }

  /** Thrown when `signal` aborts before the first list was taken: CoucheStorError `cancelled`. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#synced.promise, signal, `Waiting for ${this.#resource}`);
  }

  /** The handler first hears of every object known now. Returns how to unsubscribe. */
  subscribe(handler: ChangeHandler<T>): () => void {
    return this.#dispatcher.subscribe(handler, this.#cache.entries());
  }

  /** Everything there is. Entries are shared: do not change them. */
  snapshot(): Snapshot<T> {
    return this.#refusal() ?? { kind: 'ok', entries: this.#cache.entries() };
  }

  /** One object; `absent` means that it does not exist. */
  lookup(key: string): Lookup<T> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return refusal;
    const entry = this.#cache.get(key);
    return entry === undefined ? { kind: 'absent' } : { kind: 'found', entry };
  }

  /**
   * An operator vouches that what is under suspicion is true; the next list that shows no more loss is taken. Returns what was
   * accepted, undefined when nothing is under suspicion.
   */
  acceptLoss(): Suspicion | undefined {
    const accepted = this.#guard.acceptLoss();
    if (accepted !== undefined) this.#logger.warn('An operator accepted a suspect list.', { ...accepted });
    return accepted;
  }

  health(): InformerHealth {
    const refusal = this.#refusal();
    const remedy = this.#failure?.fields.remedy;
    const failure = this.#failure === undefined ? '' : ` ${this.#failure.message}`;
    return {
      state: this.#state,
      ready: refusal === undefined,
      message: `${refusal?.message ?? ''}${failure}${remedy === undefined ? '' : `; ${String(remedy)}`}`.trim(),
      objectCount: this.#cache.count,
      contactAgeMs: this.#contactAgeMs(),
      suspicion: this.#guard.suspicion,
      lossTimeMs: this.#guard.suspicion === undefined ? undefined : this.#loss.timeMs,
      failure: this.#failure,
      counts: { ...this.#counts },
    };
  }

  #contactAgeMs(): number | undefined {
    return this.#lastContactMs === undefined ? undefined : this.#clock.monotonic() - this.#lastContactMs;
  }

  #refusal(): Refused | undefined {
    if (this.#state === 'suspect') return refused('suspect', this.#describeSuspicion());
    if (this.#state !== 'synced')
      return refused('unsynced', `${this.#resource} is not in step with the API: ${this.#state}.`);
    const ageMs = this.#contactAgeMs() ?? Infinity;
    if (ageMs <= this.#timing.staleAfterMs) return undefined;
    return refused('outOfDate', `Nothing was heard of ${this.#resource} for ${Math.round(ageMs / 1000)} s.`);
  }

  #describeSuspicion(): string {
    const suspicion = this.#guard.suspicion;
    if (suspicion === undefined)
      return `A list of ${this.#resource} was older than what was seen before; asking again.`;
    const { reason, missingCount, knownCount, confirmsItself } = suspicion;
    const waits = confirmsItself ? 'waiting for further lists to confirm it, or for a person who' : 'only a person';
    const loss = `${missingCount} of ${knownCount} objects missing`;
    const word = `${ACCEPT_LOSS_ANNOTATION}=${formatTimestamp(this.#loss.timeMs)}`;
    return `A list of ${this.#resource} is suspect (${reason}): ${loss}; ${waits} can accept that, by annotating the Lease of the leader election with ${word}.`;
  }

  #contact(): void {
    this.#lastContactMs = this.#clock.monotonic();
    if (this.#failure !== undefined) this.#logger.info('The Kubernetes API answers again.');
    this.#failure = undefined;
  }

  #onList({ items, revision, cluster }: ObjectList): boolean {
    const evidence = { revision, cluster, knownCount: this.#cache.count, ...this.#cache.lossBy(items) };
    const verdict = this.#guard.judge(evidence, this.#clock.monotonic());
    if (verdict.kind !== 'take') {
      this.#counts.listsRefused += 1;
      this.#noteTime();
      if (verdict.kind === 'suspect' && this.#state !== 'suspect') {
        this.#state = 'suspect';
        this.#logger.error('A list is suspect and was not taken.', { ...verdict.suspicion, revision });
      }
      return false;
    }
    if (this.#state !== 'synced')
      this.#logger.info('In step with the Kubernetes API.', { objects: items.length, revision });
    this.#state = 'synced';
    this.#counts.listsTaken += 1;
    this.#publish(this.#cache.applyList(items, { revision, historyChanged: verdict.historyChanged }));
    this.#synced.resolve(undefined);
    return true;
  }

  /** Once for each suspicion, so that the time to be named stays when the wall clock is set. */
  #noteTime(): void {
    const sinceMs = this.#guard.suspicion?.sinceMs;
    if (sinceMs === undefined || sinceMs === this.#loss.sinceMs) return;
    this.#loss = { sinceMs, timeMs: Math.ceil(this.#clock.now() / 1000) * 1000 };
  }

  #onEvent(event: ObjectEvent): boolean {
    this.#contact();
    this.#guard.observeRevision(event.object.metadata.resourceVersion);
    const { changes, inOrder } = this.#cache.applyEvent(event);
    this.#publish(changes);
    return inOrder;
  }

  #publish(changes: readonly Change<T>[]): void {
    if (changes.length > 0) this.#dispatcher.publish(changes);
  }

  #onFailure(error: CoucheStorError, pauseMs: number): void {
    this.#counts.failures += 1;
    const repeated = this.#failure?.code === error.code;
    this.#failure = error;
    const report = { error, pauseMs: Math.round(pauseMs) };
    if (repeated) this.#logger.debug('The Kubernetes API still fails.', report);
    else this.#logger.warn('Following the Kubernetes API failed; trying again.', report);
  }
}

function refused(reason: Refusal, message: string): Refused {
  return { kind: 'refused', reason, message };
}
