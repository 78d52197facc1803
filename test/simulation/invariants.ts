/**
 * What must hold whatever happens, judged by the truth of the stand-ins and not by what the control plane believes. Everything
 * that breaks a rule is written down with its moment.
 */
import {
  matchesSelector,
  parseVolumeMigration,
  type StoragePolicySpec,
  type Tier,
  type VolumeMigrationManifest,
} from '@couchestor/common/api';
import type { VirtualClock } from '@couchestor/common/base';
import type { Decide } from '@couchestor/control-plane/loop';
import type { OperatorSettings } from '@couchestor/control-plane/model';
import { volumeNameOf, type ClusterView, type MayastorCluster } from '@couchestor/sandbox/mayastor';
import type { ClusterMover } from '../fault/hands/cluster-mover.ts';
import { Conduct } from './conduct.ts';
import {
  endOf,
  hasExtra,
  isOver,
  isUnapproved,
  phaseOf,
  specOf,
  startOf,
  type Entry,
  isHeldUp,
  isParked,
  statusOf,
} from './entry.ts';
import type { InMemoryKubernetes } from './kubernetes.ts';
import type { Telemetry } from './telemetry.ts';

type DecideInput = Parameters<Decide>[0];
type Decisions = ReturnType<Decide>;

const HOUR_MS = 3_600_000;
/** Decisions count for two minutes from the start of their round, and a creation may be under way for a while. */
const DECISION_AGE_MS = 3 * 60_000;
const BEGUN = ['Adding', 'Syncing', 'Verifying', 'Removing'];
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
  readonly conduct: Conduct;
  readonly #specs = new Map<string, { readonly sinceMs: number; readonly spec: StoragePolicySpec | undefined }[]>();
  readonly #said = new Set<string>();
  readonly #measuredMs = new Map<string, number>();
  readonly #counted = new Map<string, ReadonlySet<string>>();

  constructor(options: InvariantsOptions) {
    this.#options = options;
    const { kubernetes, clock } = options;
    this.conduct = new Conduct({ ...options, entries: this.entries, breach: (text) => this.breach(text) });
    kubernetes.onCreate = (manifest) => this.#created(manifest);
    kubernetes.onMigration = (name, record) => {
      const entry = this.entries.get(name);
      // The first that is told of one made anew comes before its creation.
      if (entry === undefined || entry.isGone) return;
      const before = phaseOf(entry);
      entry.record = record ?? entry.record;
      if (phaseOf(entry) === 'Adding' && before !== 'Adding') this.#checkBegin(entry);
      entry.isGone = record === undefined;
      entry.isDeleted ||= record?.deleting === true;
      const isStopped = entry.isDeleted || specOf(entry)?.cancel === true;
      entry.stoppedMs ??= isStopped ? clock.now() : undefined;
      this.conduct.checkApproval(entry);
    };
  }

  breach(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.breaches.push(`${(this.#options.clock.monotonic() / 60_000).toFixed(1)} min: ${text}`);
  }

  /** The policy has a new specification from now on, or none. */
  noteSpec(policy: string): void {
    const parsed = this.#options.kubernetes.policies.get(policy)?.parsed;
    const specs = this.#specs.get(policy) ?? [];
    const spec = parsed?.kind === 'ok' ? parsed.value.spec : undefined;
    specs.push({ sinceMs: this.#options.clock.now(), spec });
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
    const acting = this.#specsOf(policy).filter(({ enabled, dryRun }) => enabled && !dryRun);
    if (acting.length === 0) this.breach(`${name} was started for a policy that does not act`);
    this.#checkLimits(name, policy, nowMs);
    this.#checkCooldown(name, { policy, volumeId, to: target.tier }, nowMs);
    const before = this.entries.get(name);
    // Of a policy that is gone nothing remembers which names were given.
    if (before !== undefined) this.entries.set(`${name}, made at ${before.createdMs}`, before);
    const state = { record: undefined, isGone: false, isDeleted: false, stoppedMs: undefined };
    const { uid: policyUid } = policyRef;
    this.entries.set(name, { name, volumeId, policy, policyUid, to: target.tier, createdMs: nowMs, ...state });
  }

  /** A move of the volume was decided, and its heat was known to that round. */
  noteMeasured(volumeId: string): void {
    this.#measuredMs.set(volumeId, this.#options.clock.now());
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
    const running = active.filter((entry) => !isHeldUp(entry)).length;
    if (running >= settings.maxConcurrentMigrations) this.breach(`${name} is one too many at once`);
    if (active.some((entry) => entry.volumeId === name.replace(/-\d+$/, ''))) this.breach(`${name} is not alone`);
    const recent = others.filter((entry) => startOf(entry) > nowMs - HOUR_MS + SECOND_MS && !this.#isForgotten(entry));
    if (recent.length >= settings.maxMigrationsPerHour) this.breach(`${name} is one too many in an hour`);
  }

  /** However long it has waited. */
  #checkBegin({ name, policy }: Entry): void {
    const { settings, clock } = this.#options;
    const others = [...this.entries.values()].filter((entry) => entry.name !== name);
    const begun = others.filter((entry) => !entry.isGone && BEGUN.includes(phaseOf(entry) ?? ''));
    const acting = this.#specsOf(policy).filter(({ enabled, dryRun }) => enabled && !dryRun);
    if (acting.length === 0) this.breach(`${name} begins for a policy that does not act`);
    const limit = Math.max(...acting.map((spec) => spec.maxConcurrentMigrations));
    if (begun.filter((entry) => entry.policy === policy).length >= limit) {
      this.breach(`${name} begins beside the ${limit} at once of ${policy}`);
    }
    if (begun.length >= settings.maxConcurrentMigrations) this.breach(`${name} begins beside too many`);
    const sinceMs = clock.now() - HOUR_MS + SECOND_MS;
    const recent = others.filter(
      (entry) => Date.parse(statusOf(entry)?.startTime ?? '') > sinceMs && !this.#isForgotten(entry),
    );
    if (recent.length >= settings.maxMigrationsPerHour) this.breach(`${name} is one too many to begin in an hour`);
  }

  #checkCooldown(name: string, move: Pick<Entry, 'policy' | 'volumeId' | 'to'>, nowMs: number): void {
    const completed = [...this.entries.values()].filter(
      (entry) => entry.volumeId === move.volumeId && phaseOf(entry) === 'Completed' && !this.#isForgotten(entry),
    );
    const last = completed.sort((a, b) => endOf(a) - endOf(b)).at(-1);
    if (last === undefined || last.to === move.to) return;
    const cooldownMs = Math.min(...this.#specsOf(move.policy).map((spec) => spec.cooldownPeriodMs));
    if (nowMs - endOf(last) < cooldownMs) this.breach(`${name} was started within the cooldown after ${last.name}`);
  }

  /** Its object was deleted, and no policy that is there tells of it: with a policy goes all that it remembered. */
  #isForgotten(entry: Entry): boolean {
    if (!entry.isGone || !entry.isDeleted) return false;
    const policy = this.#options.kubernetes.policies.get(entry.policy);
    const history = (policy?.status.history ?? []) as readonly { readonly migration: string }[];
    return policy?.uid !== entry.policyUid || history.every(({ migration }) => migration !== entry.name);
  }

  /** All that decisions which count now may rest on. */
  #specsOf(policy: string): readonly StoragePolicySpec[] {
    const sinceMs = this.#options.clock.now() - DECISION_AGE_MS;
    const specs = this.#specs.get(policy) ?? [];
    const recent = specs.filter((_, index) => (specs[index + 1]?.sinceMs ?? Infinity) >= sinceMs);
    return recent.flatMap(({ spec }) => spec ?? []);
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
    for (const { volumeId, request, message } of cluster.violations) {
      this.breach(`unsafe: ${request} on ${volumeId}: ${message}`);
    }
    for (const offence of [...mover.offences, ...kubernetes.migrations.offences]) this.breach(offence);
    this.conduct.check();
    for (const { name } of kubernetes.policies.values()) this.#checkAccounts(name);
  }

  #checkAccounts(policy: string): void {
    const { status = {}, uid = '' } = this.#options.kubernetes.policies.get(policy) ?? {};
    const totals = (status.totals ?? {}) as Readonly<Record<string, number>>;
    for (const [phase, key] of Object.entries(TOTAL_OF)) {
      const ended = this.#ended(uid, phase);
      const total = totals[key] ?? 0;
      if (total > ended.length) this.breach(`${policy} counts ${total} ${key} of ${ended.length}`);
    }
    const names = ((status.history ?? []) as readonly { migration: string }[]).map(({ migration }) => migration);
    if (new Set(names).size !== names.length) this.breach(`${policy} names a migration twice`);
    for (const name of names) {
      const entry = this.entries.get(name);
      if (entry?.policyUid !== uid || !isOver(entry)) this.breach(`${policy} remembers ${name}, which has not ended`);
    }
    const before = this.#counted.get(uid) ?? new Set();
    const sum = Object.values(TOTAL_OF).reduce((all, key) => all + (totals[key] ?? 0), 0);
    const all = new Set([...before, ...names]);
    if (sum < all.size) this.breach(`${policy} has named ${all.size} migrations and counts ${sum}`);
    this.#counted.set(uid, all);
  }

  #ended(policyUid: string, phase: string): readonly Entry[] {
    return [...this.entries.values()].filter((entry) => entry.policyUid === policyUid && phaseOf(entry) === phase);
  }

  /** Once faults are over and time has passed. What nobody has approved may wait for ever. */
  checkEnd(decisions: Decisions): void {
    this.check();
    this.conduct.checkEnd();
    const { cluster, kubernetes } = this.#options;
    const view = cluster.view();
    for (const entry of this.entries.values()) {
      const isAwaiting = isUnapproved(entry) && phaseOf(entry) === 'AwaitingApproval';
      if (!isOver(entry) && !isAwaiting && !isParked(entry))
        this.breach(`${entry.name} never ended: ${phaseOf(entry) ?? 'no phase'}`);
    }
    for (const [policy, { status, uid }] of kubernetes.policies) {
      const totals = (status.totals ?? {}) as Readonly<Record<string, number>>;
      for (const [phase, key] of Object.entries(TOTAL_OF)) {
        const due = this.#ended(uid, phase).filter(({ isDeleted }) => !isDeleted).length;
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
    const labelsOf = new Map(pools.map(({ name, labels }) => [name, labels]));
    const isHeldUp = [...this.entries.values()].some((entry) => !isOver(entry));
    for (const { volumeId, outcome, code, wanted, dryRun, policy } of decisions) {
      const isWaiting = outcome === 'Wait' && code !== 'BackingOff' && !isHeldUp;
      if (!dryRun && (outcome === 'Move' || isWaiting)) this.breach(`${volumeId} never came to rest: ${code}`);
      const selector = wanted && this.#selectorOf(policy.name, wanted.tier);
      if (code !== 'AtTarget' || selector === undefined) continue;
      const replicas = volumes.find((volume) => volume.volumeId === volumeId)?.replicas ?? [];
      const elsewhere = replicas.filter(({ pool }) => !matchesSelector(selector, labelsOf.get(pool) ?? {}));
      if (elsewhere.length > 0) {
        this.breach(
          `${volumeId} should be ${wanted?.tier ?? ''} and is on ${elsewhere.map(({ pool }) => pool).join(', ')}`,
        );
      }
    }
  }

  #selectorOf(policy: string, tier: Tier): StoragePolicySpec['hotPoolSelector'] | undefined {
    const parsed = this.#options.kubernetes.policies.get(policy)?.parsed;
    if (parsed?.kind !== 'ok') return undefined;
    const { hotPoolSelector, warmPoolSelector, coldPoolSelector } = parsed.value.spec;
    return { Hot: hotPoolSelector, Warm: warmPoolSelector, Cold: coldPoolSelector }[tier];
  }
}
