/**
 * Tells people what is new in a round: Events on the policy and on the claims, and log lines. It remembers what it said last of
 * each policy, and after a restart believes the stored status, so that nothing is told twice. A policy that is a dry run has log
 * lines only. While telemetry is down nothing is told of single volumes: that their heat is unknown follows from it.
 */
import { findCondition, GROUP_VERSION, STORAGE_POLICY } from '@couchestor/common/api';
import type { Logger } from '@couchestor/common/base';
import type { Decision } from '../model/decision.ts';
import { decisionChanges, type DecisionChange, type DecisionChangeKind } from '../model/decision-changes.ts';
import type { Readiness } from '../model/health.ts';
import { conditionsOf, STORAGE_HEALTHY, TELEMETRY_HEALTHY, type PolicyRound } from '../brain/status/policy-status.ts';
import { isRecord } from '../brain/status/status-changes.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import type { Events, ObjectReference } from '../ports/events.ts';

export interface AnnouncerOptions {
  readonly events: Events;
  readonly logger: Logger;
  /** The operator's own: then every policy is a dry run. */
  readonly dryRun: boolean;
}

interface Said {
  readonly uid: string;
  /** Undefined: this process has told of none yet, but a predecessor of those that `stored` knows. */
  readonly decisions: readonly Decision[] | undefined;
  readonly stored: ReadonlySet<string>;
  readonly healthy: Readonly<Record<string, boolean | undefined>>;
}

/** Volumes named in an Event of the policy. */
const MAX_NAMED = 5;
const ACTION = 'Decide';

export class Announcer {
  readonly #options: AnnouncerOptions;
  /** By the name of the policy. */
  readonly #said = new Map<string, Said>();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** The policy is gone. */
  forget(policy: string): void {
    this.#said.delete(policy);
  }

  announce(policy: StoragePolicyRecord, round: PolicyRound): void {
    // One that is switched off takes no part in rounds, and whatever they lack is no concern of it.
    if (isSwitchedOff(policy)) {
      this.forget(policy.name);
      return;
    }
    const known = this.#said.get(policy.name);
    const before = known?.uid === policy.uid ? known : storedOf(policy);
    const healthy = this.#announceHealth(policy, before, round);
    const decided = round.decisions !== undefined && round.telemetry.healthy;
    if (decided) this.#announceChanges(policy, before, round.decisions);
    this.#said.set(policy.name, { ...before, decisions: decided ? round.decisions : before.decisions, healthy });
  }

  #announceHealth(policy: StoragePolicyRecord, before: Said, round: PolicyRound): Said['healthy'] {
    const now: Readonly<Record<string, Readiness>> = {
      [TELEMETRY_HEALTHY]: round.telemetry,
      [STORAGE_HEALTHY]: round.storage,
    };
    for (const [type, { healthy, reason, message }] of Object.entries(now)) {
      const was = before.healthy[type];
      if (was === healthy || (was === undefined && healthy)) continue;
      const name = type.replace('Healthy', '');
      this.#record(policy, policyReference(policy), {
        type: healthy ? 'Normal' : 'Warning',
        reason: healthy ? `${name}Recovered` : `${name}Unhealthy`,
        note: healthy ? `${name} can be relied on again.` : `${reason}: ${message}`,
      });
    }
    return Object.fromEntries(Object.entries(now).map(([type, { healthy }]) => [type, healthy]));
  }

  #announceChanges(policy: StoragePolicyRecord, { decisions, stored }: Said, after: readonly Decision[]): void {
    const { changes, omittedCount } = decisionChanges(decisions ?? [], after);
    const fresh =
      decisions === undefined ? changes.filter((change) => !stored.has(keyOf(storedFields(change.after)))) : changes;
    for (const change of fresh) this.#tell(policy, change);
    for (const [kind, same] of Map.groupBy(fresh, (change) => change.kind)) this.#summarise(policy, kind, same);
    if (omittedCount > 0) {
      this.#options.logger.warn('More decisions changed than are told of.', { policy: policy.name, omittedCount });
    }
  }

  #tell(policy: StoragePolicyRecord, { kind, severity, after }: DecisionChange): void {
    this.#options.logger.info('What is decided about a volume has changed.', {
      policy: policy.name,
      volumeId: after.volumeId,
      change: kind,
      code: after.code,
      tierFrom: after.move?.source.tier ?? after.placement,
      tierTo: after.wanted?.tier,
      dryRun: after.dryRun,
      reason: after.reason,
    });
    if (after.claim === undefined) return;
    const { namespace, name, uid } = after.claim;
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
    this.#record(policy, claim, { type: severity, reason: kind, note: `${after.reason} (policy ${policy.name})` });
  }

  #summarise(policy: StoragePolicyRecord, kind: DecisionChangeKind, changes: readonly DecisionChange[]): void {
    const [first] = changes;
    if (first === undefined) return;
    const names = changes.slice(0, MAX_NAMED).map(({ after }) => after.volumeName);
    const more = changes.length > MAX_NAMED ? ` and ${changes.length - MAX_NAMED} more` : '';
    const note =
      changes.length === 1 ? `${first.after.volumeName}: ${first.after.reason}` : `${names.join(', ')}${more}`;
    this.#record(policy, policyReference(policy), { type: first.severity, reason: kind, note });
  }

  #record(
    policy: StoragePolicyRecord,
    regarding: ObjectReference,
    happening: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly note: string },
  ): void {
    const dryRun = this.#options.dryRun || (policy.parsed.kind === 'ok' && policy.parsed.value.spec.dryRun);
    if (!dryRun) this.#options.events.record({ regarding, action: ACTION, ...happening });
  }
}

function policyReference({ name, uid }: StoragePolicyRecord): ObjectReference {
  return { apiVersion: GROUP_VERSION, kind: STORAGE_POLICY.kind, name, uid };
}

function isSwitchedOff({ parsed }: StoragePolicyRecord): boolean {
  return parsed.kind === 'ok' && !parsed.value.spec.enabled;
}

/** What a predecessor of this process has told of: it stands in the status as it is found first, before a round changes it. */
function storedOf({ uid, status }: StoragePolicyRecord): Said {
  const conditions = conditionsOf(status);
  const health = (type: string): readonly [string, boolean | undefined] => {
    const found = findCondition(conditions, type);
    return [type, found === undefined ? undefined : found.status === 'True'];
  };
  const told: readonly unknown[] = Array.isArray(status.decisions) ? status.decisions : [];
  return {
    uid,
    decisions: undefined,
    stored: new Set(told.filter(isRecord).map(keyOf)),
    healthy: Object.fromEntries([TELEMETRY_HEALTHY, STORAGE_HEALTHY].map(health)),
  };
}

function storedFields({ volumeId, code, wanted }: Decision): Readonly<Record<string, unknown>> {
  return { volumeId, code, to: wanted?.tier };
}

function keyOf({ volumeId, code, to }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([volumeId, code, to ?? null]);
}
