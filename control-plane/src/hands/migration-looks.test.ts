/** The driver: what it looks at, what it asks, and what it remembers between two looks. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { VolumeMigrationStatus } from '@couchestor/common/api';
import { nullLogger, VirtualClock } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import { ago, before, cluster, during, filling, kept, NEW, NOW_MS, record, status } from './machine.fixture.ts';
import { MigrationReconciler, type MigrationReconcilerOptions } from './migration-reconciler.ts';

let clock: VirtualClock;
let stored: VolumeMigrationRecord | undefined;
let volume: typeof before | undefined;
let calls: string[];
let onCall: (name: string) => void;

beforeEach(() => {
  clock = new VirtualClock(NOW_MS);
  volume = before;
  calls = [];
  onCall = () => undefined;
});

async function called<Value>(name: string, answer: () => Value): Promise<Value> {
  await Promise.resolve();
  calls.push(name);
  onCall(name);
  return answer();
}

function reconciler(more: Partial<MigrationReconcilerOptions> = {}): MigrationReconciler {
  const nothing = () => undefined;
  return new MigrationReconciler({
    migrations: {
      read: () => Promise.resolve(stored),
      writeStatus: (from, next) =>
        called(`write ${next.phase}`, () => {
          stored = { ...record(next), resourceVersion: String(Number(from.resourceVersion) + 1) };
          return stored;
        }),
      hold: (from) => Promise.resolve(from),
      release: () => called('release', nothing),
    },
    mover: {
      volume: () => called('look', () => volume),
      surroundings: () => called('survey', cluster),
      rebuildHistory: () => Promise.resolve({ kind: 'unavailable', reason: 'none' }),
      setReplicaCount: () => called('scale', nothing),
      cordonNode: () => called('cordon', nothing),
      uncordonNode: () => called('uncordon', nothing),
      cordonPool: () => called('cordon', nothing),
      uncordonPool: () => called('uncordon', nothing),
    },
    lock: {
      acquire: () => called('lock', () => ({ kind: 'held' }) as const),
      release: () => called('unlock', nothing),
    },
    isPolicyGone: () => false,
    clock,
    logger: nullLogger,
    ...more,
  });
}

const run = (driver = reconciler()) => driver.reconcile('v1-1', new AbortController().signal);
const statusNow = (): VolumeMigrationStatus | undefined =>
  stored?.parsed.kind === 'ok' ? stored.parsed.value.status : undefined;

describe('the driver of a migration', () => {
  it('asks the gate, and tells it right away that a migration begins', async () => {
    const asked: string[] = [];
    const gate = {
      admit: () => {
        asked.push('admit');
        return { kind: 'admitted' } as const;
      },
      begins: () => void asked.push('begins'),
    };
    stored = record(status('Pending'));
    onCall = (name) => {
      if (name === 'write Adding') asked.push(name);
      if (name === 'lock') throw new Error('Nothing more is done.');
    };
    await run(reconciler({ gate })).catch(() => undefined);
    expect(asked).toEqual(['admit', 'admit', 'begins', 'write Adding']);
  });

  it('believes that a volume is gone once it has not found it for the settle time', async () => {
    const driver = reconciler();
    stored = record(status('Syncing', kept));
    volume = undefined;
    expect(await run(driver)).toEqual({ kind: 'again', afterMs: 10_000 });
    await clock.advance(34_000);
    volume = filling;
    await run(driver);
    volume = undefined;
    await clock.advance(34_000);
    expect(await run(driver)).toEqual({ kind: 'again', afterMs: 10_000 });
    expect(statusNow()?.phase).not.toBe('Aborted');
    await clock.advance(35_000);
    await run(driver);
    expect(statusNow()).toMatchObject({ phase: 'Aborted', extraReplica: { replicaId: 'r-cold-n3' } });
  });

  it('looks rarely at an extra replica that nobody wants removed, and at nothing else', async () => {
    const extraReplica = { ...NEW, recordedTime: ago(9_000) };
    stored = record(status('Completed', { extraReplica, observedGeneration: 1 }));
    volume = during;
    const driver = reconciler();
    expect(await run(driver)).toEqual({ kind: 'again', afterMs: 600_000 });
    expect(calls).toEqual(['look']);
    stored = record(status('Completed', { extraReplica }), { cleanup: true }, { resourceVersion: '2' });
    await run(driver);
    expect(calls).toContain('survey');
  });
});
