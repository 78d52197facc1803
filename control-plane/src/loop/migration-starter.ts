/**
 * Turns decisions into VolumeMigrations, on the leader alone. A decision counts only while its round is young and everything it
 * rests on is as it was; limits are counted again right before each creation, with what the cache does not show yet. The name is
 * the next one of the volume, so of two leaders that know the same migrations one creates it and the other finds it there.
 */
import { isFinal, nextMigrationName, volumeMigrationManifest, type StoragePolicySpec } from '@couchestor/common/api';
import {
  InvariantError,
  toCoucheStorError,
  unlessAborted,
  withDeadline,
  type Clock,
  type Logger,
} from '@couchestor/common/base';
import { MigrationLimits } from '../brain/limits.ts';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import type { Decision, PlannedMove } from '../model/decision.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import type { OperatorSettings } from '../model/policy-input.ts';
import type { ClusterObjects } from '../ports/cluster-objects.ts';
import type { OperatorMetrics } from '../ports/operator-metrics.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';
import { migrationSpec } from './migration-spec.ts';

export interface MigrationStarterOptions {
  readonly policies: Pick<StoragePolicies, 'lookup'>;
  readonly objects: ClusterObjects;
  readonly migrations: Pick<VolumeMigrations, 'snapshot' | 'create'>;
  readonly settings: Pick<OperatorSettings, 'maxConcurrentMigrations' | 'maxMigrationsPerHour' | 'dryRun'> & {
    readonly migrationTimeoutMinutes: number;
  };
  readonly isLeader: () => boolean;
  readonly metrics: Pick<OperatorMetrics, 'migrationCreated'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** From the start of a round; slow dependencies make rounds last up to a minute. */
const MAX_REPORT_AGE_MS = 2 * 60_000;
const CREATE_TIMEOUT_MS = 15_000;
/** Of one round; then the API server is left alone until the next one. */
const MAX_FAILURES = 3;
/** A cache that may be relied on shows a new object long before. */
const VISIBLE_WITHIN_MS = 60_000;

interface Offer {
  readonly report: PlanningReport;
  /** On the monotonic clock: when the round began. */
  readonly startMs: number;
}

interface Unseen {
  readonly facts: MigrationFacts;
  readonly sinceMs: number;
  /** False: the answer to its creation got lost. */
  readonly isCertain: boolean;
}

type Move = Decision & { readonly move: PlannedMove };

/** `later`: nothing can be started in this round any more. */
type Chance =
  | { readonly kind: 'start'; readonly name: string; readonly spec: StoragePolicySpec }
  | { readonly kind: 'skip' | 'later'; readonly reason: string };

export class MigrationStarter {
  readonly #options: MigrationStarterOptions;
  /** The latest round, until it was looked at. */
  #offer: Offer | undefined;
  #arrival = Promise.withResolvers<undefined>();
  /** By name: created, and not seen in the cache yet. */
  readonly #unseen = new Map<string, Unseen>();

  constructor(options: MigrationStarterOptions) {
    this.#options = options;
  }

  /** Told of every round; neither waits nor throws. A round that was not looked at gives way to the next one. */
  offer(report: PlanningReport): void {
    this.#offer = { report, startMs: this.#options.clock.monotonic() - report.durationMs };
    this.#arrival.resolve(undefined);
  }

  /** Starts what rounds ask for until `signal`, which is that of leading, aborts. Thrown: InvariantError only. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const offer = this.#offer;
      if (offer === undefined) {
        this.#arrival = Promise.withResolvers();
        await unlessAborted(this.#arrival.promise, signal).catch(() => undefined);
      } else {
        this.#offer = undefined;
        await this.#startAll(offer, signal);
      }
    }
  }

  async #startAll(offer: Offer, signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    let failureCount = 0;
    for (const decision of movesOf(offer.report)) {
      if (signal.aborted || failureCount >= MAX_FAILURES) return;
      const chance = this.#chanceOf(decision, offer);
      if (chance.kind === 'start') {
        const created = await this.#create(decision, chance, signal);
        if (!created) failureCount += 1;
      } else {
        const fields = { volumeId: decision.volumeId, policy: decision.policy.name, reason: chance.reason };
        logger.debug('A move that was decided is not started now.', fields);
        if (chance.kind === 'later') return;
      }
    }
  }

  #chanceOf(decision: Move, { report, startMs }: Offer): Chance {
    const { clock, policies, objects, migrations, settings, isLeader } = this.#options;
    const { policy, volumeId } = decision;
    if (settings.dryRun || !isLeader()) return later('This process does not act.');
    if (clock.monotonic() - startMs > MAX_REPORT_AGE_MS) return later('The round is too old.');
    if (!report.kubernetes.healthy || !report.storage.healthy) return later('A dependency is not healthy.');
    if (report.telemetryOf.get(policy.name)?.healthy !== true) return skip('Telemetry is not healthy.');
    const found = policies.lookup(policy.name);
    if (found.kind === 'refused') return later(found.message);
    const spec = found.kind === 'found' ? actingSpec(found.policy, decision) : undefined;
    if (spec === undefined) return skip('The policy has changed.');
    const known = objects.snapshot();
    if (known.kind === 'refused') return later(known.message);
    const listed = migrations.snapshot();
    if (listed.kind === 'refused') return later(listed.message);
    // Rehearsals have names too, and no part in decisions.
    const names = new Set([...listed.migrations, ...known.migrations].map(({ name }) => name));
    this.#forgetSeen(names);
    const own = known.migrations.filter((migration) => migration.volumeId === volumeId);
    const { adopts } = decision.move;
    const lender = own.find(({ name }) => name === adopts?.migration);
    if (adopts !== undefined && lender?.leftReplica?.isFree !== true)
      return skip('What it would adopt is not to be had.');
    if (own.some((migration) => standsInTheWay(migration, lender, report)))
      return skip('Another migration came first.');
    if (this.#isCreated(volumeId)) return skip('Its migration was created already.');
    const name = nextMigrationName(volumeId, names);
    const others = [...this.#unseen.values()].flatMap(({ facts }) => (facts.name === name ? [] : [facts]));
    const limits = new MigrationLimits([...known.migrations, ...others], settings, clock.now());
    const limit = limits.check({ name: policy.name, spec });
    return limit.kind === 'free' ? { kind: 'start', name, spec } : skip(`${limit.code} is reached.`);
  }

  async #create(
    decision: Move,
    { name, spec }: Extract<Chance, { kind: 'start' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock, logger, metrics, migrations, settings } = this.#options;
    const defaultTimeoutMs = settings.migrationTimeoutMinutes * 60_000;
    const manifest = volumeMigrationManifest(
      name,
      migrationSpec(decision, spec, defaultTimeoutMs),
      decision.policy.uid,
    );
    const { volumeId, code, move } = decision;
    const fields = {
      migration: name,
      volumeId,
      policy: decision.policy.name,
      tierFrom: move.source.tier,
      tierTo: move.target.tier,
      code,
    };
    try {
      const bounds = { clock, timeoutMs: CREATE_TIMEOUT_MS, signal, what: 'Creating a migration' };
      const outcome = await withDeadline(bounds, (own) => migrations.create(manifest, own));
      this.#remember(name, decision, { isCertain: true });
      if (outcome === 'created') {
        metrics.migrationCreated('success');
        logger.info('A migration was created.', fields);
      } else {
        logger.debug('A migration was created by somebody else.', fields);
      }
      return true;
    } catch (thrown) {
      if (thrown instanceof InvariantError) throw thrown;
      const error = toCoucheStorError(thrown);
      // What may pass may have taken effect.
      if (error.retryable || error.code === 'cancelled') this.#remember(name, decision, { isCertain: false });
      if (signal.aborted) return false;
      metrics.migrationCreated('failure');
      logger.warn('A migration could not be created; the next round tries again.', { ...fields, error });
      return false;
    }
  }

  #remember(name: string, { volumeId, policy, move }: Move, { isCertain }: Pick<Unseen, 'isCertain'>): void {
    const { clock } = this.#options;
    const facts: MigrationFacts = {
      name,
      volumeId,
      policy: policy.name,
      phase: 'Pending',
      from: move.source.tier,
      to: move.target.tier,
      targetPool: move.target.pool,
      startedAtMs: clock.now(),
      completedAtMs: undefined,
      extraReplica: false,
    };
    this.#unseen.set(name, { facts, sinceMs: clock.monotonic(), isCertain });
  }

  #forgetSeen(names: ReadonlySet<string>): void {
    const nowMs = this.#options.clock.monotonic();
    for (const [name, { sinceMs }] of this.#unseen) {
      if (names.has(name) || nowMs - sinceMs > VISIBLE_WITHIN_MS) this.#unseen.delete(name);
    }
  }

  #isCreated(volumeId: Decision['volumeId']): boolean {
    return [...this.#unseen.values()].some(({ facts, isCertain }) => isCertain && facts.volumeId === volumeId);
  }
}

/** The one with the greatest benefit first. */
function movesOf({ decisions = [] }: PlanningReport): readonly Move[] {
  return decisions
    .flatMap((decision) => {
      const { move, outcome, dryRun, heat } = decision;
      const isMeant = outcome === 'Move' && !dryRun && heat.kind === 'known';
      return isMeant && move !== undefined ? [{ ...decision, move }] : [];
    })
    .sort((a, b) => b.move.benefit - a.move.benefit || (a.volumeId < b.volumeId ? -1 : 1));
}

/** Undefined: the policy is not the one that was decided by, or does not act any more. */
function actingSpec(
  policy: Extract<ReturnType<StoragePolicies['lookup']>, { kind: 'found' }>['policy'],
  decision: Decision,
): StoragePolicySpec | undefined {
  const isSame = policy.uid === decision.policy.uid && policy.generation === decision.policy.generation;
  if (!isSame || policy.parsed.kind === 'invalid') return undefined;
  const { spec } = policy.parsed.value;
  return spec.enabled && !spec.dryRun ? spec : undefined;
}

/**
 * It is there still, or has ended since the round began, so that the decision knows nothing of that. Its end is told in whole
 * seconds.
 */
function standsInTheWay(
  migration: MigrationFacts,
  lender: MigrationFacts | undefined,
  { startedAtMs }: PlanningReport,
): boolean {
  const { phase, extraReplica, completedAtMs = 0 } = migration;
  return !isFinal(phase) || (extraReplica && migration !== lender) || completedAtMs + 1_000 > startedAtMs;
}

function skip(reason: string): Chance {
  return { kind: 'skip', reason };
}

function later(reason: string): Chance {
  return { kind: 'later', reason };
}
