/**
 * What must hold whatever happens, judged by the truth of the stand-ins and not by what the control plane believes. Everything
 * that breaks a rule is written down with its moment.
 */
import {
  isFinal,
  matchesSelector,
  parseVolumeMigration,
  type StoragePolicySpec,
  type VolumeMigrationManifest,
} from '@couchestor/common/api';
import type { VirtualClock } from '@couchestor/common/base';
import type { Decide } from '@couchestor/control-plane/loop';
import type { OperatorSettings } from '@couchestor/control-plane/model';
import { volumeNameOf, type ClusterView, type MayastorCluster } from '@couchestor/sandbox/mayastor';
import type { ClusterMover } from '../fault/hands/cluster-mover.ts';
import type { MigrationObject } from '../fault/hands/in-memory-migrations.ts';
import type { InMemoryKubernetes } from './kubernetes.ts';
import type { Telemetry } from './telemetry.ts';

type DecideInput = Parameters<Decide>[0];
type Decisions = ReturnType<Decide>;

export interface Entry {
  readonly name: string;
  readonly volumeId: string;
  readonly policy: string;
  readonly to: string;
  readonly createdMs: number;
  /** As it was at last, also once the object is gone. */
  record: MigrationObject | undefined;
  isGone: boolean;
  /** Somebody deleted it, so it may go before it is counted. */
  isDeleted: boolean;
}

const HOUR_MS = 3_600_000;
/** Decisions count for two minutes from the start of their round, and a creation may be under way for a while. */
const DECISION_AGE_MS = 3 * 60_000;
/** A sample counts for so long; and with it the decision it leads to. */
const SAMPLE_AGE_MS = 5 * 60_000 + DECISION_AGE_MS;
const SECOND_MS = 1_000;
const TOTAL_OF = { Completed: 'succeeded', Failed: 'failed', Aborted: 'aborted', Cancelled: 'cancelled' } as const;

export interface InvariantsOptions {
  readonly clock: VirtualClock;
  readonly cluster: MayastorCluster;
  readonly mover: ClusterMover;
  readonly kubernetes: InMemoryKubernetes;
  readonly telemetry: Telemetry;
  readonly settings: OperatorSettings;
}

export class Invariants {
  readonly breaches: string[] = [];
  readonly entries = new Map<string, Entry>();
  readonly #options: InvariantsOptions;
  readonly #specs = new Map<string, { readonly sinceMs: number; readonly spec: StoragePolicySpec }[]>();
  readonly #said = new Set<string>();
  readonly #measuredMs = new Map<string, number>();
  readonly #counted = new Map<string, ReadonlySet<string>>();

  constructor(options: InvariantsOptions) {
    this.#options = options;
    const { kubernetes } = options;
    kubernetes.onCreate = (manifest) => this.#created(manifest);
    kubernetes.onMigration = (name, record) => {
      const entry = this.entries.get(name);
      if (entry === undefined) return;
      entry.record = record ?? entry.record;
      entry.isGone = record === undefined;
      entry.isDeleted ||= record?.deleting === true;
    };
  }

  breach(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.breaches.push(`${(this.#options.clock.monotonic() / 60_000).toFixed(1)} min: ${text}`);
  }

  /** The policy has a new specification from now on. */
  noteSpec(policy: string): void {
    const parsed = this.#options.kubernetes.policies.get(policy)?.parsed;
    if (parsed?.kind !== 'ok') return;
    const specs = this.#specs.get(policy) ?? [];
    specs.push({ sinceMs: this.#options.clock.now(), spec: parsed.value.spec });
    this.#specs.set(policy, specs);
  }

  #created(manifest: VolumeMigrationManifest): void {
    const { clock } = this.#options;
    const { name } = manifest.metadata;
    const parsed = parseVolumeMigration(manifest);
    if (parsed.kind === 'invalid') {
      this.breach(`${name} cannot be read`);
      return;
    }
    const { policyRef, volumeId, target } = parsed.value.spec;
    const policy = policyRef.name;
    const nowMs = clock.now();
    this.#checkHeat(name, volumeId, nowMs);
    this.#checkLimits(name, policy, nowMs);
    this.#checkCooldown(name, { policy, volumeId, to: target.tier }, nowMs);
    const state = { record: undefined, isGone: false, isDeleted: false };
    this.entries.set(name, { name, volumeId, policy, to: target.tier, createdMs: nowMs, ...state });
  }

  /** A move of the volume was decided, and its heat was known to that round. */
  noteMeasured(volumeId: string): void {
    this.#measuredMs.set(volumeId, this.#options.clock.now());
  }

  /** Before it takes effect: a replica that is still being filled for the first time is no reason to remove another. */
  checkScale(volumeId: string, count: number): void {
    const volume = this.#options.cluster.view().volumes.find((candidate) => candidate.volumeId === volumeId);
    if (volume === undefined || count >= volume.replicaCount) return;
    for (const entry of this.entries.values()) {
      const status = entry.record && statusOf(entry.record);
      if (entry.volumeId !== volumeId || status?.phase !== 'Removing') continue;
      const isNew = (replicaId: string): boolean => replicaId === status.newReplica?.replicaId;
      const isFilling = volume.rebuilds.some(
        ({ replicaId, state, partial }) => isNew(replicaId) && state === 'Rebuilding' && !partial,
      );
      if (isFilling) this.breach(`${entry.name} removes its source before the new replica has synced`);
    }
  }

  #checkHeat(name: string, volumeId: string, nowMs: number): void {
    const { telemetry } = this.#options;
    const measuredMs = this.#measuredMs.get(volumeId) ?? -Infinity;
    if (nowMs - measuredMs > DECISION_AGE_MS) this.breach(`${name} was started on a heat that nobody had measured`);
    const newestMs = telemetry.newestSampleMs(volumeNameOf(volumeId)) ?? -Infinity;
    if (nowMs - newestMs > SAMPLE_AGE_MS) this.breach(`${name} was started though the heat of its volume is unknown`);
    if (nowMs - telemetry.answeredMs > DECISION_AGE_MS) this.breach(`${name} was started without telemetry`);
  }

  #checkLimits(name: string, policy: string, nowMs: number): void {
    const { settings } = this.#options;
    const others = [...this.entries.values()];
    const active = others.filter((entry) => !entry.isGone && !isOver(entry));
    const ofPolicy = active.filter((entry) => entry.policy === policy).length;
    const limit = Math.max(...this.#specsOf(policy).map((spec) => spec.maxConcurrentMigrations));
    if (ofPolicy >= limit) this.breach(`${name} is one more than the ${limit} at once of ${policy}`);
    if (active.length >= settings.maxConcurrentMigrations) this.breach(`${name} is one too many at once`);
    if (active.some((entry) => entry.volumeId === name.replace(/-\d+$/, ''))) this.breach(`${name} is not alone`);
    const recent = others.filter((entry) => startOf(entry) > nowMs - HOUR_MS + SECOND_MS);
    if (recent.length >= settings.maxMigrationsPerHour) this.breach(`${name} is one too many in an hour`);
  }

  #checkCooldown(name: string, move: Pick<Entry, 'policy' | 'volumeId' | 'to'>, nowMs: number): void {
    const completed = [...this.entries.values()].filter(
      (entry) => entry.volumeId === move.volumeId && phaseOf(entry) === 'Completed',
    );
    const last = completed.sort((a, b) => endOf(a) - endOf(b)).at(-1);
    if (last === undefined || last.to === move.to) return;
    const cooldownMs = Math.min(...this.#specsOf(move.policy).map((spec) => spec.cooldownPeriodMs));
    if (nowMs - endOf(last) < cooldownMs) this.breach(`${name} was started within the cooldown after ${last.name}`);
  }

  /** All that decisions which count now may rest on. */
  #specsOf(policy: string): readonly StoragePolicySpec[] {
    const sinceMs = this.#options.clock.now() - DECISION_AGE_MS;
    const specs = this.#specs.get(policy) ?? [];
    return specs.filter((_, index) => (specs[index + 1]?.sinceMs ?? Infinity) >= sinceMs).map(({ spec }) => spec);
  }

  /** Exactly one decision about every watched volume. */
  checkDecisions({ snapshot, policies }: DecideInput, decisions: Decisions): void {
    const watched = snapshot.claims.filter((claim) =>
      policies.some(({ spec }) => {
        const { enabled, storageClassName, volumeSelector } = spec;
        return (
          enabled &&
          storageClassName === claim.storageClassName &&
          matchesSelector(volumeSelector, claim.claim?.labels ?? {})
        );
      }),
    );
    const expected = watched.map(({ volumeId }) => volumeId).sort();
    const decided = decisions.map(({ volumeId }) => volumeId).sort();
    if (expected.join() !== decided.join()) {
      this.breach(`${decided.length} decisions about ${expected.length} watched volumes`);
    }
  }

  /** After every step. */
  check(): void {
    const { cluster, mover, kubernetes } = this.#options;
    const view = cluster.view();
    for (const { volumeId, request, message } of cluster.violations) {
      this.breach(`unsafe: ${request} on ${volumeId}: ${message}`);
    }
    for (const offence of [...mover.offences, ...kubernetes.migrations.offences]) this.breach(offence);
    this.#checkCordons(view);
    for (const policy of kubernetes.policies.keys()) this.#checkAccounts(policy);
  }

  #checkCordons({ nodes, pools }: ClusterView): void {
    const holds = [...this.entries.values()].some(
      (entry) => !isOver(entry) || (entry.record !== undefined && statusOf(entry.record)?.cordons !== undefined),
    );
    if (holds) return;
    const cordons = nodes.flatMap(({ name, cordons: labels }) =>
      labels.filter((label) => label !== MAINTENANCE).map((label) => `${name} ${label}`),
    );
    const closed = pools.filter(({ cordon }) => cordon !== undefined).map(({ name }) => name);
    if (cordons.length + closed.length > 0) {
      this.breach(`no migration runs, and there are cordons: ${[...cordons, ...closed].join(', ')}`);
    }
  }

  #checkAccounts(policy: string): void {
    const status = this.#options.kubernetes.policies.get(policy)?.status ?? {};
    const totals = (status.totals ?? {}) as Readonly<Record<string, number>>;
    for (const [phase, key] of Object.entries(TOTAL_OF)) {
      const ended = this.#ended(policy, phase);
      const total = totals[key] ?? 0;
      if (total > ended.length) this.breach(`${policy} counts ${total} ${key} of ${ended.length}`);
    }
    const names = ((status.history ?? []) as readonly { migration: string }[]).map(({ migration }) => migration);
    if (new Set(names).size !== names.length) this.breach(`${policy} names a migration twice`);
    for (const name of names) {
      const entry = this.entries.get(name);
      if (entry?.policy !== policy || !isOver(entry)) this.breach(`${policy} remembers ${name}, which has not ended`);
    }
    const before = this.#counted.get(policy) ?? new Set();
    const sum = Object.values(TOTAL_OF).reduce((all, key) => all + (totals[key] ?? 0), 0);
    const all = new Set([...before, ...names]);
    if (sum < all.size) this.breach(`${policy} has named ${all.size} migrations and counts ${sum}`);
    this.#counted.set(policy, all);
  }

  #ended(policy: string, phase: string): readonly Entry[] {
    return [...this.entries.values()].filter((entry) => entry.policy === policy && phaseOf(entry) === phase);
  }

  /** Once faults are over and time has passed. */
  checkEnd(decisions: Decisions): void {
    this.check();
    const { cluster, kubernetes } = this.#options;
    const view = cluster.view();
    for (const entry of this.entries.values()) {
      if (!isOver(entry)) this.breach(`${entry.name} never ended: ${phaseOf(entry) ?? 'no phase'}`);
    }
    for (const [policy, { status }] of kubernetes.policies) {
      const totals = (status.totals ?? {}) as Readonly<Record<string, number>>;
      for (const [phase, key] of Object.entries(TOTAL_OF)) {
        const due = this.#ended(policy, phase).filter(({ isDeleted }) => !isDeleted).length;
        if ((totals[key] ?? 0) < due) this.breach(`${policy} counts ${totals[key] ?? 0} ${key} of ${due}`);
      }
    }
    for (const { volumeId, replicaCount, askedReplicaCount } of view.volumes) {
      const recorded = [...this.entries.values()].filter((entry) => entry.volumeId === volumeId && hasExtra(entry));
      if (recorded.length !== replicaCount - askedReplicaCount) {
        this.breach(`${volumeId} has ${replicaCount} of ${askedReplicaCount} replicas, ${recorded.length} recorded`);
      }
    }
    this.#checkPlaces(view, decisions);
  }

  #checkPlaces({ volumes, pools }: ClusterView, decisions: Decisions): void {
    const tierOf = new Map(pools.map(({ name, labels }) => [name, labels.tier]));
    for (const { volumeId, outcome, code, wanted } of decisions) {
      if (outcome === 'Move' || (outcome === 'Wait' && code !== 'BackingOff')) {
        this.breach(`${volumeId} never came to rest: ${code}`);
      }
      if (code !== 'AtTarget' || wanted === undefined) continue;
      const tiers = volumes
        .find((volume) => volume.volumeId === volumeId)
        ?.replicas.map(({ pool }) => tierOf.get(pool));
      if (tiers?.some((tier) => tier !== wanted.tier.toLowerCase()) === true) {
        this.breach(`${volumeId} should be ${wanted.tier} and is ${tiers.join(', ')}`);
      }
    }
  }
}

/** The cordon of a person. */
export const MAINTENANCE = 'maintenance';

function statusOf(record: MigrationObject) {
  return record.parsed.kind === 'ok' ? record.parsed.value.status : undefined;
}

export function phaseOf({ record }: Entry): string | undefined {
  return record && statusOf(record)?.phase;
}

export function isOver(entry: Entry): boolean {
  const status = entry.record && statusOf(entry.record);
  return entry.isGone || (status !== undefined && isFinal(status.phase));
}

/** Of a migration that touched nothing there is no start. */
function startOf(entry: Entry): number {
  const status = entry.record && statusOf(entry.record);
  if (status?.startTime !== undefined) return Date.parse(status.startTime);
  return status?.phase === 'Cancelled' ? -Infinity : entry.createdMs;
}

export function endOf({ record }: Entry): number {
  return Date.parse((record && statusOf(record)?.completionTime) ?? '');
}

export function hasExtra(entry: Entry): boolean {
  const extra = entry.record && statusOf(entry.record)?.extraReplica;
  return !entry.isGone && extra !== undefined && extra.removedTime === undefined;
}
