import { describe, expect, it } from '@jest/globals';
import { isFinal, MIGRATION_PHASES, type Tier } from '@couchestor/common/api';
import fc from 'fast-check';
import type { MigrationFacts, PoolFacts } from '../model/cluster-snapshot.ts';
import { DECISION_CODES, type Decision } from '../model/decision.ts';
import type { Heat } from '../model/heat.ts';
import {
  claimOf,
  HOUR_MS,
  knownHeat,
  migrationOf,
  NOW_MS,
  policyInput,
  poolOf,
  readingOf,
  SETTINGS,
  snapshotOf,
  TIERS,
  volumeOf,
} from './brain.fixture.ts';
import { decide, type DecideInput } from './decide.ts';
import { TIER_RANK } from './tier-rank.ts';
import { watchedVolumes } from './watch.ts';

const POOLS: readonly PoolFacts[] = [...TIERS, 'Unassigned' as const].flatMap((tier) =>
  [0, 1].map((index) => poolOf(tier, index)),
);
const VOLUME_COUNT = 8;
const MIN_COVERAGE = 0.5;

const oddOrEven = (index: number): string => (index % 2 === 0 ? 'even' : 'odd');

const heat: fc.Arbitrary<Heat> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 100, 100.5, 200, 500, 1000, 9999), fc.constantFrom(0, 0.49, 0.5, 1))
      .map(([iops, coverage]) => knownHeat(iops, coverage)),
  },
  { weight: 1, arbitrary: fc.constant<Heat>({ kind: 'unknown', reason: 'Stale', message: 'Too old.' }) },
);

const annotations = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      fc.constantFrom('pin', 'minimum-tier', 'maximum-tier', 'opt-out'),
      fc.constantFrom('hot', 'warm', 'cold', 'true', '?'),
    ),
  },
);

const volume = fc.record({
  pools: fc.uniqueArray(fc.constantFrom(...POOLS), { minLength: 1, maxLength: 3 }),
  isPublished: fc.boolean().map((flag) => flag || undefined),
  isPresent: fc.integer({ min: 0, max: 9 }).map((value) => value > 0),
  heat,
  annotations,
});

const policy = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  createdAtMs: fc.nat(2),
  accepted: fc.integer({ min: 0, max: 4 }).map((value) => value > 0),
  spec: fc.record({
    enabled: fc.integer({ min: 0, max: 4 }).map((value) => value > 0),
    maxConcurrentMigrations: fc.integer({ min: 1, max: 4 }),
    volumeSelector: fc.constantFrom({}, { matchLabels: { half: 'even' } }, { matchLabels: { half: 'odd' } }),
    cooldownPeriod: fc.constantFrom('0s', '1h', '1d'),
    maintenanceWindows: fc.constantFrom(
      ...[[], [{ schedule: '0 11 * * *', duration: '2h' }], [{ schedule: '0 22 * * *', duration: '2h' }]],
    ),
    preservationMode: fc.boolean(),
  }),
});

const migration = fc.record({
  volume: fc.integer({ min: 1, max: VOLUME_COUNT + 1 }),
  policy: fc.constantFrom('a', 'b', 'gone'),
  phase: fc.constantFrom(...MIGRATION_PHASES),
  to: fc.constantFrom(...TIERS),
  agoMs: fc.constantFrom(0, 5 * 60_000, 2 * HOUR_MS, 48 * HOUR_MS),
  extraReplica: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
});

/** A cluster in which much of what can be in a volume's way is in the way of some volume. */
const input: fc.Arbitrary<DecideInput> = fc
  .record({
    volumes: fc.array(volume, { minLength: 1, maxLength: VOLUME_COUNT }),
    policies: fc.uniqueArray(policy, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
    migrations: fc.array(migration, { maxLength: 4 }),
    operatorLimit: fc.nat(4),
    perHour: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ volumes, policies, migrations, operatorLimit, perHour }) => ({
    snapshot: snapshotOf({
      claims: volumes.map((each, index) =>
        claimOf(index + 1, { annotations: each.annotations, labels: { half: oddOrEven(index) } }),
      ),
      volumes: volumes.flatMap(({ isPresent, isPublished, pools }, index) =>
        isPresent ? [volumeOf(index + 1, pools, isPublished ? {} : { target: undefined })] : [],
      ),
      pools: POOLS,
      migrations: migrations.map(({ volume: index, agoMs, phase, ...rest }, number) =>
        migrationOf(index, `m${number}`, {
          ...rest,
          phase,
          startedAtMs: phase === 'Cancelled' ? undefined : NOW_MS - agoMs - 60_000,
          completedAtMs: isFinal(phase) ? NOW_MS - agoMs : undefined,
        }),
      ),
    }),
    policies: policies.map(({ name, spec, ...rest }) => policyInput(name, spec, rest)),
    heat: readingOf(new Map(volumes.map((each, index) => [index + 1, each.heat]))),
    settings: { ...SETTINGS, maxConcurrentMigrations: operatorLimit, maxMigrationsPerHour: perHour },
    nowMs: NOW_MS,
  }));

function check(property: (given: DecideInput, decisions: readonly Decision[]) => void, numRuns = 300): void {
  fc.assert(
    fc.property(input, (given) => {
      property(given, decide(given));
    }),
    { numRuns },
  );
}

const moves = (decisions: readonly Decision[]): Decision[] => decisions.filter(({ outcome }) => outcome === 'Move');

function runningOf({ migrations }: DecideInput['snapshot']): MigrationFacts[] {
  return migrations.filter(({ phase }) => !isFinal(phase));
}

describe('decisions, for any cluster', () => {
  it('are one for every watched volume, in the order of their names', () => {
    check(({ snapshot, policies }, decisions) => {
      const watched = watchedVolumes(snapshot.claims, policies);
      expect(decisions.map(({ volumeName }) => volumeName)).toEqual(watched.map(({ claim }) => claim.volumeName));
      expect(new Set(decisions.map(({ volumeId }) => volumeId)).size).toBe(decisions.length);
    });
  });

  it('say what they mean: outcome by code, a reason, a move or none, remedies where something blocks', () => {
    check((_, decisions) => {
      for (const { outcome, code, reason, move, wanted, remedies } of decisions) {
        expect(outcome).toBe(DECISION_CODES[code]);
        expect(reason).toMatch(/^[A-Z].*\.$/);
        if (outcome === 'Move') expect(move).toBeDefined();
        if (outcome === 'Stay') expect(move).toBeUndefined();
        if (move !== undefined) expect(move.target.tier).toBe(wanted?.tier);
        expect(remedies.length > 0).toBe(outcome === 'Blocked');
      }
    });
  });

  it('do not depend on the order of anything', () => {
    fc.assert(
      fc.property(input, fc.infiniteStream(fc.nat()), (given, numbers) => {
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, at: numbers.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
        const { claims, migrations, storage } = given.snapshot;
        const snapshot = {
          ...given.snapshot,
          claims: shuffled(claims),
          migrations: shuffled(migrations),
          storage: {
            ...storage,
            volumes: shuffled(storage.volumes),
            pools: shuffled(storage.pools),
            nodes: shuffled(storage.nodes),
          },
        };
        expect(decide({ ...given, snapshot, policies: shuffled(given.policies) })).toEqual(decide(given));
      }),
      { numRuns: 200 },
    );
  });

  it('never exceed the limit of a policy nor that of the operator (pitfall: limits parsed and ignored)', () => {
    check(({ snapshot, policies, settings }, decisions) => {
      const running = runningOf(snapshot);
      const starting = moves(decisions);
      if (starting.length === 0) return;
      const busy = running.filter(({ phase }) => phase !== 'AwaitingApproval');
      expect(busy.length + starting.length).toBeLessThanOrEqual(settings.maxConcurrentMigrations);
      for (const { name, spec } of policies) {
        const own = starting.filter(({ policy: { name: of } }) => of === name).length;
        if (own === 0) continue;
        const limit = Math.min(spec.maxConcurrentMigrations, settings.maxConcurrentMigrations);
        expect(own + running.filter(({ policy: of }) => of === name).length).toBeLessThanOrEqual(limit);
      }
    });
  });

  it('never start more within an hour than the operator allows, and let none wait that may start', () => {
    check(({ snapshot, settings }, decisions) => {
      const limit = settings.maxMigrationsPerHour;
      const ends = snapshot.migrations
        .filter(({ phase }) => phase !== 'AwaitingApproval')
        .flatMap(({ startedAtMs }) => (startedAtMs === undefined ? [] : [startedAtMs + HOUR_MS]))
        .filter((endMs) => endMs > NOW_MS);
      const starting = moves(decisions);
      if (starting.length > 0) expect(ends.length + starting.length).toBeLessThanOrEqual(limit);
      const waiting = decisions.filter(({ code }) => code === 'RateLimit');
      if (waiting.length === 0) return;
      const all = [...ends, ...starting.map(() => NOW_MS + HOUR_MS)];
      expect(all.length).toBeGreaterThanOrEqual(limit);
      for (const { earliestChangeMs = 0 } of waiting) {
        expect(all.filter((endMs) => endMs > earliestChangeMs).length).toBeLessThan(limit);
        expect(all.filter((endMs) => endMs >= earliestChangeMs).length).toBeGreaterThanOrEqual(limit);
      }
    });
  });

  it('leave no volume waiting for a limit that is not reached, nor for one with less benefit', () => {
    check(({ snapshot, settings }, decisions) => {
      const count = runningOf(snapshot).length + moves(decisions).length;
      const waiting = decisions.filter(({ code }) => code === 'OperatorLimit');
      if (waiting.length > 0) expect(count).toBeGreaterThanOrEqual(settings.maxConcurrentMigrations);
      const least = Math.min(...moves(decisions).map(({ move }) => move?.benefit ?? 0));
      for (const { move } of waiting) expect(move?.benefit ?? Infinity).toBeLessThanOrEqual(least);
    });
  });

  it('move nothing of unknown heat or low coverage, pinned or not', () => {
    check((_, decisions) => {
      for (const { heat: known, outcome, move, wanted } of decisions) {
        if (known.kind === 'known' && known.coverage >= MIN_COVERAGE) continue;
        expect(outcome).not.toBe('Move');
        expect([move, wanted]).toEqual([undefined, undefined]);
      }
    });
  });

  it('start nothing while a migration of the volume runs, in its cooldown or outside the windows', () => {
    check(({ snapshot, policies }, decisions) => {
      for (const {
        volumeId,
        wanted,
        policy: { name },
      } of moves(decisions)) {
        const spec = policies.find((each) => each.name === name)!.spec;
        const own = snapshot.migrations.filter((each) => each.volumeId === volumeId);
        expect(runningOf({ ...snapshot, migrations: own })).toEqual([]);
        const recent = own.filter(
          ({ phase, completedAtMs }) => phase === 'Completed' && completedAtMs! + spec.cooldownPeriodMs > NOW_MS,
        );
        // The volume may follow its last migration to the same tier, so the latest counts.
        const latest = Math.max(...recent.map(({ completedAtMs }) => completedAtMs!));
        const tiers = recent.filter(({ completedAtMs }) => completedAtMs === latest).map(({ to }) => to);
        if (tiers.length > 0) expect(tiers).toContain(wanted?.tier);
        expect(spec.maintenanceWindows.map(({ schedule }) => schedule.text)).not.toContain('0 22 * * *');
      }
    });
  });

  it('are those of a dry run', () => {
    check((given, decisions) => {
      const real = decisions.map((decision) => ({ ...decision, dryRun: true }));
      expect(decide({ ...given, settings: { ...given.settings, dryRun: true } })).toEqual(real);
      const policies = given.policies.map((each) => ({ ...each, spec: { ...each.spec, dryRun: true } }));
      expect(decide({ ...given, policies })).toEqual(real);
    });
  });

  it('for real do not depend on policies that are only tried out, as far as they watch other volumes', () => {
    check((given, decisions) => {
      const [tried] = given.policies;
      const isOther = ({ policy: { name } }: Decision): boolean => name !== tried?.name;
      const policies = given.policies.map((each) =>
        each === tried ? { ...each, spec: { ...each.spec, dryRun: true } } : each,
      );
      const others = decide({ ...given, policies }).filter(isOther);
      const taken = decisions.filter((decision) => !isOther(decision) && decision.outcome === 'Move').length;
      if (taken === 0) expect(others).toEqual(decisions.filter(isOther));
      expect(moves(others).length).toBeGreaterThanOrEqual(moves(decisions.filter(isOther)).length);
    });
  });
});

describe('decisions, round after round', () => {
  it('do not go to and fro with the heat inside the cooldown', () => {
    const pools = TIERS.map((tier) => poolOf(tier, 0));
    const poolIn = (tier: Tier): PoolFacts => pools[2 - TIER_RANK[tier]]!;
    let tier: Tier = 'Cold';
    const migrations: MigrationFacts[] = [];
    for (let minute = 0; minute < 3 * 24 * 60; minute += 7) {
      const nowMs = NOW_MS + minute * 60_000;
      const [decision] = decide({
        snapshot: snapshotOf({ claims: [claimOf(1)], volumes: [volumeOf(1, [poolIn(tier)])], pools, migrations }),
        policies: [policyInput('policy', { cooldownPeriod: '1d' })],
        heat: readingOf(new Map([[1, [0, 500, 5000][minute % 3]!]])),
        settings: SETTINGS,
        nowMs,
      });
      if (decision?.outcome !== 'Move') continue;
      const to = decision.move!.target.tier;
      migrations.push(migrationOf(1, `m${minute}`, { from: tier, to, completedAtMs: nowMs }));
      tier = to;
    }
    const ends = migrations.map(({ completedAtMs }) => completedAtMs!);
    expect(ends).toHaveLength(3);
    expect(ends.slice(1).map((end, index) => end - ends[index]! >= 24 * HOUR_MS)).toEqual([true, true]);
  });
});
