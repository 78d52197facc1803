/**
 * What a migration is asked before it begins, whoever made it and however long ago: its policy acts and a window of it is open, what
 * was decided still stands, and neither the limits at once nor the hourly rate are reached. What was let through counts from that
 * moment on, though the cache shows it later; and the hour is one of the monotonic clock, so that a step of wall time opens nothing.
 */
import type { StoragePolicySpec, VolumeMigrationSpec } from '@couchestor/common/api';
import type { Clock, VolumeId } from '@couchestor/common/base';
import { MigrationLimits } from '../brain/limits.ts';
import { windowStateAt } from '../brain/maintenance-window.ts';
import { timeText } from '../brain/wording.ts';
import type { Admission, WaitingReason } from '../model/admission.ts';
import { isWaiting, type MigrationFacts } from '../model/cluster-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import type { OperatorSettings } from '../model/policy-input.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { ClusterObjects } from '../ports/cluster-objects.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';

export interface MigrationGateOptions {
  readonly policies: Pick<StoragePolicies, 'lookup'>;
  readonly objects: Pick<ClusterObjects, 'snapshot'>;
  readonly settings: Pick<OperatorSettings, 'maxConcurrentMigrations' | 'maxMigrationsPerHour'>;
  /** Between two rounds of planning. */
  readonly intervalMs: number;
  readonly clock: Clock;
}

const HOUR_MS = 3_600_000;
/** A decision as young needs no round that repeats it. */
const YOUNG_MS = 10 * 60_000;
/** How long a round may take and be late. */
const SPARE_MS = 5 * 60_000;
/** A cache that may be relied on shows what began long before. */
const VISIBLE_WITHIN_MS = 60_000;

interface Round {
  readonly atMs: number;
  readonly waiting: ReadonlyMap<VolumeId, Decision>;
}

interface Begun {
  readonly policy: string;
  /** On the monotonic clock. */
  readonly atMs: number;
}

export class MigrationGate {
  readonly #options: MigrationGateOptions;
  /** The latest in which everything could be relied on. */
  #round: Round | undefined;
  /** By name: let through, and not seen to have begun yet. */
  readonly #begun = new Map<string, Begun>();
  /** By name, on the monotonic clock: when each that is known began. */
  readonly #starts = new Map<string, number>();

  constructor(options: MigrationGateOptions) {
    this.#options = options;
  }

  /** Told of every round; neither waits nor throws. */
  offer({ kubernetes, storage, decisions, durationMs }: PlanningReport): void {
    const { objects, clock } = this.#options;
    const known = objects.snapshot();
    if (known.kind !== 'refused') this.#noteStarts(known.migrations);
    if (!kubernetes.healthy || !storage.healthy || decisions === undefined) return;
    const waiting = decisions.filter((decision) => decision.waiting !== undefined);
    this.#round = {
      atMs: clock.monotonic() - durationMs,
      waiting: new Map(waiting.map((decision) => [decision.volumeId, decision])),
    };
  }

  /** It begins now. */
  begins({ name, parsed }: VolumeMigrationRecord): void {
    if (parsed.kind === 'invalid') return;
    const atMs = this.#options.clock.monotonic();
    this.#begun.set(name, { policy: parsed.value.spec.policyRef.name, atMs });
  }

  /** Undefined: nothing is known against the decision that it was made for. */
  supersededBy({ name, parsed }: VolumeMigrationRecord): string | undefined {
    if (parsed.kind === 'invalid' || parsed.value.spec.reason.decisionTime === undefined) return undefined;
    const { volumeId, policyRef } = parsed.value.spec;
    const decision = this.#decisionOn(name, volumeId);
    if (decision?.waiting === undefined) return undefined;
    const { policy, waiting } = decision;
    if (policy.name !== policyRef.name) return `Policy ${policy.name} decides about the volume now.`;
    return waiting.stands === 'no' ? waiting.reason : undefined;
  }

  /** Asked in the moment before it begins; whoever begins says so by `begins`, before anything else is asked. */
  admit(record: VolumeMigrationRecord): Admission {
    if (record.parsed.kind === 'invalid') return { kind: 'refused', message: 'It cannot be understood.' };
    const { spec } = record.parsed.value;
    const superseded = this.supersededBy(record);
    if (superseded !== undefined) return { kind: 'superseded', message: superseded };
    const found = this.#policyOf(spec);
    if ('kind' in found) return found;
    return (
      this.#untilWindow(spec, found) ??
      this.#untilDecided(record.name, spec) ??
      this.#untilFree(record.name, spec, found)
    );
  }

  #policyOf({ policyRef }: VolumeMigrationSpec): StoragePolicySpec | Admission {
    const { name, uid } = policyRef;
    const found = this.#options.policies.lookup(name);
    if (found.kind === 'refused') return waits('CacheNotReady', `Waits until policies are known: ${found.message}`);
    if (uid !== undefined && (found.kind === 'absent' || found.policy.uid !== uid)) {
      return {
        kind: 'refused',
        message: `Policy ${name}, which it was made for, is gone; delete this migration, and make one for a policy that is there.`,
      };
    }
    if (found.kind === 'absent') {
      return waits(
        'PolicyMissing',
        `Waits for policy ${name}, which does not exist: create it, or delete this migration.`,
      );
    }
    const { parsed } = found.policy;
    if (parsed.kind === 'invalid') return waits('PolicyNotAccepted', `Waits until policy ${name} can be understood.`);
    const { spec } = parsed.value;
    if (!spec.enabled) return waits('PolicyDisabled', `Waits until policy ${name} is enabled.`);
    if (spec.dryRun) return waits('PolicyDryRun', `Waits until policy ${name} is no dry run any more.`);
    return spec;
  }

  #untilWindow({ policyRef }: VolumeMigrationSpec, { maintenanceWindows }: StoragePolicySpec): Admission | undefined {
    const state = windowStateAt(maintenanceWindows, this.#options.clock.now());
    if (state.kind === 'open') return undefined;
    const next =
      state.nextOpeningMs === undefined
        ? 'none opens in sight'
        : `the next one opens at ${timeText(state.nextOpeningMs)}`;
    return waits('OutsideWindow', `Waits for a maintenance window of policy ${policyRef.name}: ${next}.`);
  }

  /** What somebody made by hand was decided by nobody else. */
  #untilDecided(name: string, { volumeId, reason }: VolumeMigrationSpec): Admission | undefined {
    if (reason.decisionTime === undefined) return undefined;
    const ageMs = this.#options.clock.now() - Date.parse(reason.decisionTime);
    // One of the future was made before the clock was set back.
    if (ageMs >= 0 && ageMs < YOUNG_MS) return undefined;
    const decision = this.#decisionOn(name, volumeId);
    if (decision?.waiting?.stands === 'yes') return undefined;
    return waits('DecisionUnknown', 'Waits until it is known again whether the volume is to move.');
  }

  #untilFree(name: string, { policyRef }: VolumeMigrationSpec, spec: StoragePolicySpec): Admission {
    const { objects, settings, clock } = this.#options;
    const known = objects.snapshot();
    if (known.kind === 'refused') return waits('CacheNotReady', `Waits until migrations are known: ${known.message}`);
    this.#noteStarts(known.migrations);
    const others = known.migrations.filter((one) => one.name !== name && !isWaiting(one));
    const policy = policyRef.name;
    const limits = new MigrationLimits(others, { ...settings, maxMigrationsPerHour: Infinity }, clock.now());
    for (const [other, begun] of this.#begun) if (other !== name) limits.take(begun.policy);
    const check = limits.check({ name: policy, spec });
    if (check.kind === 'reached') {
      const whose = check.code === 'PolicyLimit' ? `policy ${policy}` : 'the operator';
      return waits(check.code, `Waits until others have ended: ${whose} allows ${check.limit} at once.`);
    }
    const nowMs = clock.monotonic();
    const starts = new Map(this.#starts);
    for (const [other, { atMs }] of this.#begun) starts.set(other, atMs);
    starts.delete(name);
    const recent = [...starts.values()].filter((atMs) => nowMs - atMs < HOUR_MS);
    if (recent.length < settings.maxMigrationsPerHour) return { kind: 'admitted' };
    const limit = settings.maxMigrationsPerHour;
    return waits('RateLimit', `Waits because ${limit} migrations began within an hour, and no more may.`);
  }

  /** Wall times count when they are seen first, and never again. */
  #noteStarts(migrations: readonly MigrationFacts[]): void {
    const { clock } = this.#options;
    const [nowMs, wallMs] = [clock.monotonic(), clock.now()];
    const names = new Set<string>();
    for (const migration of migrations) {
      const { name, startedAtMs } = migration;
      if (isWaiting(migration) || startedAtMs === undefined) continue;
      names.add(name);
      const known = this.#begun.get(name)?.atMs ?? this.#starts.get(name);
      this.#starts.set(name, known ?? nowMs - Math.max(wallMs - startedAtMs, 0));
      this.#begun.delete(name);
    }
    for (const [name, atMs] of this.#starts) if (!names.has(name) && nowMs - atMs >= HOUR_MS) this.#starts.delete(name);
    for (const [name, { atMs }] of this.#begun) if (nowMs - atMs > VISIBLE_WITHIN_MS) this.#begun.delete(name);
  }

  #decisionOn(name: string, volumeId: VolumeId): Decision | undefined {
    const { clock, intervalMs } = this.#options;
    if (this.#round === undefined || clock.monotonic() - this.#round.atMs > intervalMs + SPARE_MS) return undefined;
    const decision = this.#round.waiting.get(volumeId);
    return decision?.waiting?.migration === name ? decision : undefined;
  }
}

function waits(reason: WaitingReason, message: string): Admission {
  return { kind: 'waits', reason, message };
}
