import { describe, expect, it } from '@jest/globals';
import type { MigrationFacts } from '../../model/cluster-snapshot.ts';
import { Ledger } from './ledger.ts';
import {
  GIB,
  nodeName,
  pool,
  poolName,
  replica,
  snapshot,
  storage,
  twoTierCluster,
  volume,
  volumeId,
} from './placement.fixture.ts';

const CLUSTER = twoTierCluster(3);
const COLD = pool('cold-n2');
const NO_HEAT = (): undefined => undefined;

function migration(changed: Partial<MigrationFacts> = {}): MigrationFacts {
  return {
    name: 'm1',
    volumeId: volumeId('v1'),
    policy: 'p',
    phase: 'Syncing',
    from: 'Hot',
    to: 'Cold',
    targetPool: COLD.pool,
    startedAtMs: undefined,
    completedAtMs: undefined,
    extraReplica: false,
    ...changed,
  };
}

describe('the ledger', () => {
  it('counts the replicas of a pool and the known heat of their volumes', () => {
    const volumes = [
      volume(['cold-n2'], { volumeId: volumeId('a') }),
      volume(['cold-n2', 'cold-n1'], { volumeId: volumeId('b') }),
      volume(['cold-n2'], { volumeId: volumeId('c') }),
    ];
    const heat: Readonly<Record<string, number>> = { a: 0.1, b: 0.2 };
    const ledger = new Ledger(snapshot(storage({ ...CLUSTER, volumes })), 0, (id) => heat[id]);
    expect(ledger.takenOf(COLD)).toMatchObject({ bookedBytes: 0, replicaCount: 3, loadIOPS: 0.3 });
  });

  it('books what a move of the round takes', () => {
    const moved = volume(['hot-n1']);
    const ledger = new Ledger(snapshot(storage({ ...CLUSTER, volumes: [moved] })), 0, () => 70);
    ledger.reserve({ target: { tier: 'Cold', pool: COLD.pool, node: COLD.node } }, moved);
    expect(ledger.takenOf(COLD)).toEqual({
      bookedBytes: 10 * GIB,
      committedBytes: 110 * GIB,
      replicaCount: 1,
      loadIOPS: 70,
    });
    expect(ledger.takenOf(pool('hot-n1')).replicaCount).toBe(1);
  });

  it('books what a running migration will take, and nothing for one that ended or whose replica is there', () => {
    const booked = (phase: MigrationFacts['phase'], pools: readonly string[]): number => {
      const facts = storage({ ...CLUSTER, volumes: [volume(pools)] });
      return new Ledger(snapshot(facts, [migration({ phase })]), 0, NO_HEAT).takenOf(COLD).bookedBytes;
    };
    expect(booked('Pending', ['hot-n1'])).toBe(10 * GIB);
    expect(booked('Completed', ['hot-n1'])).toBe(0);
    expect(booked('Syncing', ['hot-n1', 'cold-n2'])).toBe(0);
  });

  it('books of a thin replica that syncs what it has not taken yet', () => {
    const syncing = volume([], {
      thin: true,
      replicas: [
        { ...replica('hot-n1'), allocatedBytes: 4 * GIB },
        { ...replica('cold-n2'), allocatedBytes: GIB },
      ],
    });
    const facts = storage({ ...CLUSTER, volumes: [syncing] });
    expect(new Ledger(snapshot(facts, [migration()]), 0, NO_HEAT).takenOf(COLD).bookedBytes).toBe(3 * GIB);
  });

  it('passes over a migration whose volume is gone', () => {
    const ledger = new Ledger(snapshot(storage(CLUSTER), [migration()]), 0, NO_HEAT);
    expect(ledger.takenOf(COLD).bookedBytes).toBe(0);
  });

  it('takes the sizes of the replicas for what is promised where the release does not report it', () => {
    const thin = volume(['cold-n2'], { thin: true, sizeBytes: 300 * GIB });
    const ledger = new Ledger(snapshot(storage({ ...CLUSTER, volumes: [thin] })), 0, NO_HEAT);
    expect(ledger.takenOf({ ...COLD, committedBytes: undefined }).committedBytes).toBe(300 * GIB);
    expect(ledger.takenOf(COLD).committedBytes).toBe(100 * GIB);
  });

  it('knows the nodes of an affinity group, those of moves and running migrations among them', () => {
    const member = (name: string, pools: readonly string[]): ReturnType<typeof volume> =>
      volume(pools, { volumeId: volumeId(name), affinityGroup: 'g' });
    const [a, b, c] = [member('a', ['hot-n1']), member('b', ['hot-n2']), member('c', ['hot-n4'])];
    const running = [migration({ volumeId: volumeId('b'), targetPool: poolName('cold-n3') })];
    const ledger = new Ledger(snapshot(storage({ ...CLUSTER, volumes: [a, b, c] }), running), 0, NO_HEAT);
    expect(['n1', 'n2', 'n3', 'n5'].map((name) => ledger.hasSibling(a, nodeName(name)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    ledger.reserve({ target: { tier: 'Cold', pool: poolName('cold-n5'), node: nodeName('n5') } }, c);
    expect(ledger.hasSibling(a, nodeName('n5'))).toBe(true);
    expect(ledger.hasSibling(volume(['hot-n3']), nodeName('n2'))).toBe(false);
  });
});
