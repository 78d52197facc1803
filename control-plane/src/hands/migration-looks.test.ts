/** The driver: what it looks at, what it asks, and what it remembers between two looks. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { findCondition, type VolumeMigrationStatus } from '@couchestor/common/api';
import { CoucheStorError, nullLogger, VirtualClock, type ErrorCode } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import {
  ago,
  before,
  cluster,
  during,
  filling,
  ids,
  intent,
  kept,
  NEW,
  NOW_MS,
  record,
  status,
} from './machine.fixture.ts';
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

  it('tells of failures that last: once by the object, and each by its call and code', async () => {
    const failures: string[] = [];
    const driver = reconciler({ onCallFailure: (call, { code }) => failures.push(`${call} ${code}`) });
    const observed = () => findCondition(statusNow()?.conditions ?? [], 'Observed');
    const again = async () => {
      await clock.advance(10_000);
      await run(driver);
    };
    stored = record(status('Syncing', kept));
    volume = filling;
    let nth = 0;
    onCall = (name) => {
      if (name === 'look') throw new CoucheStorError('unauthorized', `No token, for the ${(nth += 1)}th time.`);
    };
    await again();
    await again();
    expect(observed()).toBeUndefined();
    await again();
    expect(observed()).toMatchObject({
      status: 'False',
      reason: 'Unauthorized',
      message: expect.stringContaining('3th'),
    });
    await again();
    expect(calls.filter((name) => name.startsWith('write'))).toHaveLength(1);
    expect(failures).toEqual(Array.from({ length: 4 }, () => 'observe unauthorized'));
    onCall = () => undefined;
    await again();
    expect(observed()).toBeUndefined();
  });

  it('tells of a call that fails each time, though the lock before it is had each time', async () => {
    stored = record(status('Removing', kept));
    volume = during;
    const driver = reconciler();
    onCall = (name) => {
      if (name === 'cordon' || name === 'scale') throw new CoucheStorError('forbidden', 'No rights.');
    };
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(10_000);
      await run(driver);
    }
    expect(findCondition(statusNow()?.conditions ?? [], 'Observed')).toMatchObject({ reason: 'Forbidden' });
  });

  it('does not tell a lasting failure again because its words are others', async () => {
    stored = record(status('Syncing', kept));
    const report = (code: ErrorCode, message: string) =>
      reconciler().reportFailure('v1-1', new CoucheStorError(code, message), new AbortController().signal);
    await report('invalid', 'Refused at 12:00.');
    await report('invalid', 'Refused at 12:01.');
    expect(calls).toHaveLength(1);
    await report('forbidden', 'No rights.');
    expect(calls).toHaveLength(2);
  });

  describe('does not call what its intent stands for', () => {
    const add = () =>
      record(
        status('Adding', {
          intent: intent('Add', { replicaIdsBefore: ids, replicaCountAfter: 3 }),
          cordons: [{ kind: 'Pool', name: 'cold-n4', setTime: ago(1_000) }],
        }),
      );

    it.each<[string, (leading: AbortController) => void | Promise<void>]>([
      ['once it leads no more', (leading) => leading.abort()],
      ['on what it saw too long ago', () => clock.advance(31_000)],
    ])('%s', async (_, happens) => {
      const leading = new AbortController();
      stored = add();
      let isFirst = true;
      const mark = async (name: string): Promise<void> => {
        if (name !== 'before setReplicaCount Adding' || !isFirst) return;
        isFirst = false;
        calls = [];
        await happens(leading);
      };
      await reconciler({ mark, settings: { maxSteps: 12 } }).reconcile('v1-1', leading.signal);
      expect(isFirst).toBe(false);
      expect(calls[0]).not.toBe('scale');
    });

    it('and looks no further, once it leads no more', async () => {
      const leading = new AbortController();
      stored = record(undefined);
      onCall = () => leading.abort();
      await reconciler().reconcile('v1-1', leading.signal);
      expect(calls).toEqual(['write Pending']);
    });
  });
});
