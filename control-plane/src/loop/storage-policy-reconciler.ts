/**
 * Brings the status of every StoragePolicy up to what the latest round decided for it and to the migrations that ended, and tells
 * what is new. It writes nothing when there is nothing worth a write, nothing but the status, the mark on a migration that the
 * status has counted, and Events, and nothing at all while the cache may not be relied on.
 * It moves no data: that is for the migrations, which run beside the loop.
 */
import type { Clock, CoucheStorError, Logger } from '@couchestor/common/base';
import { conflictsOf, covers, decisionsOf, type PlanningReport } from '../model/planning-report.ts';
import { acceptedStatus, policyStatus, stalledStatus, type PolicyRound } from '../brain/status/policy-status.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import type { EndedMigration } from '../brain/status/accounting.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';
import type { Announcer } from './announcer.ts';
import type { Reconciler, ReconcileResult } from './controller.ts';
import type { MigrationAccounts } from './migration-accounts.ts';
import type { PlanningRound } from './planning-round.ts';

export interface StoragePolicyReconcilerOptions {
  readonly policies: StoragePolicies;
  readonly rounds: Pick<PlanningRound, 'report' | 'restMs'>;
  readonly announcer: Pick<Announcer, 'announce' | 'forget'>;
  readonly accounts: Pick<MigrationAccounts, 'unrecorded' | 'mark'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Pause while the cache may not be relied on. */
const REFUSED_RETRY_MS = 5_000;
/** At the least between two looks at a policy that nobody edits. */
const SHORTEST_PAUSE_MS = 1_000;
const DONE: ReconcileResult = { kind: 'done' };
const REFUSED: ReconcileResult = { kind: 'again', afterMs: REFUSED_RETRY_MS };

type Status = Readonly<Record<string, unknown>>;

export class StoragePolicyReconciler implements Reconciler {
  readonly #options: StoragePolicyReconcilerOptions;

  constructor(options: StoragePolicyReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { policies, rounds, announcer, accounts, clock } = this.#options;
    const found = policies.lookup(name);
    if (found.kind === 'absent') {
      announcer.forget(name);
      return DONE;
    }
    if (found.kind === 'refused') return REFUSED;
    const { policy } = found;
    const report = await rounds.report(policy, signal);
    if (!covers(report, policy)) return REFUSED;
    const nowMs = clock.now();
    if (!report.kubernetes.healthy) {
      await this.#write(policy, (current) => acceptedStatus(current, nowMs), signal);
      return REFUSED;
    }
    const ended = await accounts.unrecorded(policy, signal);
    const round = policyRoundOf(report, name, ended);
    const { outcome, status } = await this.#write(policy, (current) => policyStatus(current, round, nowMs), signal);
    if (outcome === 'gone') return { kind: 'again', afterMs: SHORTEST_PAUSE_MS };
    announcer.announce(policy, round);
    const marked = await accounts.mark({ name, status }, ended, signal);
    return {
      kind: 'again',
      afterMs: marked === 'some' ? SHORTEST_PAUSE_MS : Math.max(rounds.restMs, SHORTEST_PAUSE_MS),
    };
  }

  async reportFailure(name: string, error: CoucheStorError, signal: AbortSignal): Promise<void> {
    const { policies, clock } = this.#options;
    const found = policies.lookup(name);
    if (found.kind !== 'found') return;
    const nowMs = clock.now();
    const failure = { reason: error.code.charAt(0).toUpperCase() + error.code.slice(1), message: error.message };
    await policies.updateStatus(found.policy, (current) => stalledStatus(current, failure, nowMs), signal);
  }

  /**
   * On the generation that was decided about alone: a newer one has a change under way, and with it another call. The status
   * that is stored afterwards comes back.
   */
  async #write(
    policy: StoragePolicyRecord,
    change: (current: StoragePolicyRecord) => Status | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: 'written' | 'unchanged' | 'gone'; readonly status: Status }> {
    let { status } = policy;
    if (change(policy) === undefined) return { outcome: 'unchanged', status };
    const sameGeneration = (current: StoragePolicyRecord): Status | undefined => {
      const changed = current.generation === policy.generation ? change(current) : undefined;
      status = changed ?? current.status;
      return changed;
    };
    const outcome = await this.#options.policies.updateStatus(policy, sameGeneration, signal);
    if (outcome === 'written') this.#options.logger.debug('Wrote the status of a policy.', { policy: policy.name });
    return { outcome, status };
  }
}

function policyRoundOf(report: PlanningReport, policy: string, ended: readonly EndedMigration[]): PolicyRound {
  return {
    decisions: report.decisions === undefined ? undefined : decisionsOf(report, policy),
    telemetry: report.telemetryOf.get(policy) ?? report.telemetry,
    storage: report.storage,
    conflicts: conflictsOf(report, policy),
    activeMigrations: report.activeMigrations.get(policy) ?? 0,
    awaitingApproval: report.awaitingApproval.get(policy) ?? 0,
    ended: ended.map(({ entry }) => entry),
    roundAtMs: report.startedAtMs,
  };
}
