/**
 * Rules for those who act: every call that changes something rests on an intent that stands, of a migration that was approved and
 * that nobody has stopped; and every cordon has a migration that remembers it.
 */
import type { VirtualClock } from '@couchestor/common/base';
import type { ClusterView, MayastorCluster } from '@couchestor/sandbox/mayastor';
import { isUnapproved, phaseOf, specOf, statusOf, type Entry } from './entry.ts';

/** The cordon of a person. */
export const MAINTENANCE = 'maintenance';
/** A call may be under way, or rest on a look, that is as old. */
const STOPPED_AFTER_MS = 45_000;
const ACTING = ['Adding', 'Syncing', 'Verifying', 'Removing', 'Completed', 'Aborted', 'Failed'];

export interface ConductOptions {
  readonly clock: VirtualClock;
  readonly cluster: MayastorCluster;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly breach: (text: string) => void;
}

export class Conduct {
  readonly #options: ConductOptions;

  constructor(options: ConductOptions) {
    this.#options = options;
  }

  /** After every write of a migration. */
  checkApproval(entry: Entry): void {
    const phase = phaseOf(entry) ?? '';
    if (isUnapproved(entry) && ACTING.includes(phase)) {
      this.#options.breach(`${entry.name} is ${phase}, and nobody has approved it`);
    }
  }

  /** Before it takes effect. */
  checkScale(volumeId: string, count: number): void {
    const { cluster, breach } = this.#options;
    const volume = cluster.view().volumes.find((candidate) => candidate.volumeId === volumeId);
    if (volume === undefined || count === volume.replicaCount) return;
    const entry = this.#standing().find(
      (candidate) => candidate.volumeId === volumeId && statusOf(candidate)?.intent?.replicaCountAfter === count,
    );
    if (entry === undefined) {
      breach(`nobody means to scale ${volumeId} to ${count}`);
      return;
    }
    this.#checkMayAct(entry, `scales ${volumeId} to ${count}`);
    if (count > volume.replicaCount || phaseOf(entry) !== 'Removing') return;
    const newId = statusOf(entry)?.newReplica?.replicaId;
    // A replica that is still being filled for the first time is no reason to remove another.
    const isFilling = volume.rebuilds.some(
      ({ replicaId, state, partial }) => replicaId === newId && state === 'Rebuilding' && !partial,
    );
    if (isFilling) breach(`${entry.name} removes its source before the new replica has synced`);
  }

  /** Before it takes effect. `label`: of the cordon of a node. */
  checkCordon(kind: 'Node' | 'Pool', name: string, label?: string): void {
    const [entry] = this.#holdersOf(kind, name, label);
    if (entry === undefined) this.#options.breach(`nobody means to cordon ${name}`);
    else this.#checkMayAct(entry, `cordons ${name}`);
  }

  /** After every step. */
  check(): void {
    for (const { name, kind, label } of cordonsOf(this.#options.cluster.view())) {
      if (this.#holdersOf(kind, name, label).length === 0) {
        this.#options.breach(`the cordon of ${name} belongs to nobody: ${label ?? 'a pool'}`);
      }
    }
  }

  /** Once everything has ended. */
  checkEnd(): void {
    for (const { name, label } of cordonsOf(this.#options.cluster.view())) {
      this.#options.breach(`everything has ended, and ${name} is cordoned: ${label ?? 'a pool'}`);
    }
  }

  #checkMayAct(entry: Entry, what: string): void {
    const { clock, breach } = this.#options;
    if (isUnapproved(entry)) breach(`${entry.name} ${what}, and nobody has approved it`);
    const isCleaning = specOf(entry)?.cleanup === true && statusOf(entry)?.extraReplica !== undefined;
    if (isCleaning || entry.stoppedMs === undefined || clock.now() - entry.stoppedMs <= STOPPED_AFTER_MS) return;
    breach(`${entry.name} ${what}, though it was stopped`);
  }

  #standing(): readonly Entry[] {
    return [...this.#options.entries.values()].filter(({ isGone }) => !isGone);
  }

  #holdersOf(kind: 'Node' | 'Pool', name: string, label: string | undefined): readonly Entry[] {
    return this.#standing().filter((entry) =>
      statusOf(entry)?.cordons?.some(
        (cordon) => cordon.kind === kind && cordon.name === name && cordon.label === label,
      ),
    );
  }
}

interface Cordon {
  readonly kind: 'Node' | 'Pool';
  readonly name: string;
  readonly label: string | undefined;
}

/** All but those of people. */
function cordonsOf({ nodes, pools }: ClusterView): readonly Cordon[] {
  const ofNodes = nodes.flatMap(({ name, cordons }) =>
    cordons.filter((label) => label !== MAINTENANCE).map((label) => ({ kind: 'Node' as const, name, label })),
  );
  const closed = pools.filter(({ cordon }) => cordon !== undefined);
  return [...ofNodes, ...closed.map(({ name }) => ({ kind: 'Pool' as const, name, label: undefined }))];
}
