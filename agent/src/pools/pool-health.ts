/**
 * How a pool is, and why: the worst of the causes that hold. Some pass by themselves (a full disk), some are over when a scrub has
 * found nothing any more, and some last until the pool is opened again: after a failed sync the kernel has forgotten what it lost, so
 * nothing that is asked of it later can tell.
 */
import { CoucheStorError, type Clock } from '@couchestor/common/base';
import { causeOf, isShardError, type MetError } from './health-cause.ts';
import { NotedFiles } from './noted-files.ts';

/** From the best to the worst. */
export const POOL_STATES = ['Online', 'Degraded', 'ReadOnly', 'Faulted'] as const;

/** Writes are refused in ReadOnly and Faulted; reads go on in ReadOnly, and are tried in Faulted. */
export type PoolState = (typeof POOL_STATES)[number];

interface CauseNature {
  readonly state: PoolState;
  /** What it takes until it is over. */
  readonly until: 'success' | 'probe' | 'scrub' | 'reopened';
  readonly remedy: string;
}

const CAUSES = {
  noSpace: { state: 'Degraded', until: 'success', remedy: 'Free space or inodes on the file system, or add a disk.' },
  tooManyOpenFiles: {
    state: 'Degraded',
    until: 'success',
    remedy: 'Raise the limit of open files of the process (ulimit -n, LimitNOFILE).',
  },
  diskErrors: { state: 'Degraded', until: 'scrub', remedy: 'Look at SMART and the kernel log, and scrub the pool.' },
  corruptShards: { state: 'Degraded', until: 'scrub', remedy: 'Let them be rebuilt, and scrub the pool.' },
  fileSystemReadOnly: {
    state: 'ReadOnly',
    until: 'probe',
    remedy: 'Look at the kernel log, repair the file system and mount it writable.',
  },
  withoutLock: {
    state: 'ReadOnly',
    until: 'reopened',
    remedy: 'Mount the file system writable and restart the process.',
  },
  syncFailed: {
    state: 'ReadOnly',
    until: 'reopened',
    remedy: 'Look at SMART and the kernel log; replace the disk, or restart the process to try again.',
  },
  fileSystemFailed: {
    state: 'Faulted',
    until: 'reopened',
    remedy: 'Look at the kernel log, repair the file system or replace the disk, mount it and restart the process.',
  },
  manyDiskErrors: {
    state: 'Faulted',
    until: 'scrub',
    remedy: 'Replace the disk; its shards are rebuilt elsewhere.',
  },
} as const satisfies Record<string, CauseNature>;

export type HealthCause = keyof typeof CAUSES;

export interface HealthReason {
  readonly cause: HealthCause;
  /** For people: what happened first, and what to do. */
  readonly detail: string;
  /** Wall time in milliseconds. */
  readonly sinceMs: number;
}

export interface PoolHealthReport {
  readonly state: PoolState;
  /** The worst first. */
  readonly reasons: readonly HealthReason[];
}

/** Files with errors of their own, after which it is the disk. */
const MAX_FAILING_FILES = 16;

/** Beyond them the number is a lower bound; the next scrub counts. */
const MAX_NOTED_SHARDS = 1000;

export function stateOf(causes: Iterable<HealthCause>): PoolState {
  return [...causes].reduce<PoolState>((worst, cause) => worse(worst, CAUSES[cause].state), 'Online');
}

function worse(one: PoolState, other: PoolState): PoolState {
  return severity(one) >= severity(other) ? one : other;
}

const severity = (state: PoolState): number => POOL_STATES.indexOf(state);

export class PoolHealth {
  readonly #clock: Clock;
  readonly #label: string;
  readonly #reasons = new Map<HealthCause, HealthReason>();
  readonly #failing = new NotedFiles(MAX_FAILING_FILES);
  readonly #corrupt = new NotedFiles(MAX_NOTED_SHARDS);
  readonly #listeners = new Set<(report: PoolHealthReport) => void>();

  /** @param label - of the pool, for people. */
  constructor(label: string, clock: Clock) {
    this.#label = label;
    this.#clock = clock;
  }

  get state(): PoolState {
    return stateOf(this.#reasons.keys());
  }

  get reasons(): readonly HealthReason[] {
    const gravity = ({ cause }: HealthReason): number => severity(CAUSES[cause].state);
    return [...this.#reasons.values()].sort((one, other) => gravity(other) - gravity(one));
  }

  get report(): PoolHealthReport {
    return { state: this.state, reasons: this.reasons };
  }

  /** Called after each change, and not to throw; the result ends it. */
  onChange(listener: (report: PoolHealthReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a writing call is refused with: `unavailable`, not to be retried, with what to do; undefined where writes are taken. */
  refusal(): CoucheStorError | undefined {
    const [worst] = this.reasons;
    if (worst === undefined || severity(this.state) < severity('ReadOnly')) return undefined;
    const message = `${this.#label}: the pool is ${this.state} and takes no writes: ${worst.detail}`;
    const { remedy } = CAUSES[worst.cause];
    const fields = { pool: this.#label, state: this.state, cause: worst.cause, fault: 'takesNoWrites', remedy };
    return new CoucheStorError('unavailable', message, { retryable: false, fields });
  }

  /** Whether what would be found out by writing could change anything. */
  get isWorthProbing(): boolean {
    return !this.#holds('reopened');
  }

  /** Of an error that says nothing of the disk, nothing is noted. */
  noteError(met: MetError): void {
    const cause = causeOf(met);
    if (cause === undefined) return;
    this.note(cause, withoutRemedy(met.error));
    if (!isShardError(cause)) return;
    this.#failing.note(met.path);
    if (this.#failing.count >= MAX_FAILING_FILES) {
      this.note('manyDiskErrors', failingDetail(this.#failing.count));
    }
  }

  /** A cause that holds keeps what was first said of it. */
  note(cause: HealthCause, what: string): void {
    if (this.#reasons.has(cause)) return;
    this.#set(cause, what);
    this.#changed();
  }

  /** A file was written and synced. */
  noteWritten(): void {
    this.#clear('noSpace');
  }

  noteOpened(): void {
    this.#clear('tooManyOpenFiles');
  }

  /** A file was written, synced and read back, for the sake of seeing whether it can be. */
  noteProbed(): void {
    this.#clear('noSpace', 'tooManyOpenFiles', 'fileSystemReadOnly');
  }

  /** A shard whose bytes are not those that were written, by its path. */
  noteCorrupt(path: string): void {
    if (this.#corrupt.note(path)) this.#replace({ corruptShards: corruptDetail(this.#corrupt.count) });
  }

  /** A pass over all shards begins: what was noted until now is over at its end, unless it is noted again. */
  scrubBegins(): void {
    this.#corrupt.doubtAll();
    this.#failing.doubtAll();
  }

  /** The pass begins to look at this shard: what was noted of it until now likewise. */
  scrubLooksAt(path: string): void {
    this.#corrupt.doubt(path);
    this.#failing.doubt(path);
  }

  /** The pass has ended, and has noted each shard that it found corrupt; or so many that not all are remembered. */
  scrubbed({ corruptShards, unreadableShards }: { corruptShards: number; unreadableShards: number }): void {
    this.#corrupt.settle(corruptShards);
    this.#failing.settle(unreadableShards);
    const failing = this.#failing.count;
    this.#replace({
      corruptShards: corruptDetail(this.#corrupt.count),
      diskErrors: failing === 0 ? undefined : failingDetail(failing),
      manyDiskErrors: failing < MAX_FAILING_FILES ? undefined : failingDetail(failing),
    });
  }

  /** Undefined: it is over. */
  #replace(details: Partial<Record<HealthCause, string | undefined>>): void {
    for (const [cause, what] of Object.entries(details) as [HealthCause, string | undefined][]) {
      if (what === undefined) this.#reasons.delete(cause);
      else this.#set(cause, what);
    }
    this.#changed();
  }

  #set(cause: HealthCause, what: string): void {
    const sinceMs = this.#reasons.get(cause)?.sinceMs ?? this.#clock.now();
    const { remedy } = CAUSES[cause];
    this.#reasons.set(cause, { cause, detail: `${what.replace(/\.$/, '')}. ${remedy}`, sinceMs });
  }

  #clear(...causes: HealthCause[]): void {
    const removed = causes.filter((cause) => this.#reasons.delete(cause));
    if (removed.length > 0) this.#changed();
  }

  #holds(until: CauseNature['until']): boolean {
    return [...this.#reasons.keys()].some((cause) => CAUSES[cause].until === until);
  }

  #changed(): void {
    const report = this.report;
    for (const listener of this.#listeners) listener(report);
  }
}

/** That of the cause says more. */
function withoutRemedy({ message, fields: { remedy } }: CoucheStorError): string {
  const isAtEnd = typeof remedy === 'string' && message.endsWith(remedy);
  return isAtEnd ? message.slice(0, -remedy.length).trimEnd() : message;
}

function corruptDetail(shards: number): string | undefined {
  if (shards === 0) return undefined;
  return shards === 1 ? '1 shard is corrupt' : `${shards} shards are corrupt`;
}

function failingDetail(files: number): string {
  return `${files === 1 ? '1 file' : `${files} files`} could not be read or written`;
}
