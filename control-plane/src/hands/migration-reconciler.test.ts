import { beforeEach, describe, expect, it } from '@jest/globals';
import { MIGRATION_FINALIZER, parseVolumeMigration, type VolumeMigrationStatus } from '@couchestor/common/api';
import { CoucheStorError, nullLogger, VirtualClock } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import { ago, before, cluster, during, ids, intent, kept, NOW_MS, record, status } from './machine.fixture.ts';
import { MigrationReconciler, type MigrationReconcilerOptions } from './migration-reconciler.ts';

let clock: VirtualClock;
let stored: VolumeMigrationRecord | undefined;
let volume: typeof before | undefined;
let calls: string[];
let marks: string[];
let phases: string[];
let told: string[];
let warned: string[];
let strands: string[];
let released: string[];
let isPolicyGone: boolean;
let reads: number;
let cached: VolumeMigrationRecord[];
let leading: AbortController;
let onCall: (name: string) => void | Promise<void>;

beforeEach(() => {
  clock = new VirtualClock(NOW_MS);
  volume = before;
  [calls, marks, phases, released] = [[], [], [], []];
  [told, warned, strands] = [[], [], []];
  reads = 0;
  cached = [];
  isPolicyGone = false;
  leading = new AbortController();
  onCall = () => undefined;
});

const seen = async <Value>(value: Value): Promise<Value> => {
  await Promise.resolve();
  return value;
};

/** Writes it down, and lets the test step in. */
const called = async (name: string): Promise<void> => {
  await Promise.resolve();
  calls.push(name);
  await onCall(name);
};

const migrations: MigrationReconcilerOptions['migrations'] = {
  read: () => {
    reads += 1;
    return seen(stored);
  },
  snapshot: () => ({ kind: 'ok', migrations: cached }),
  writeStatus: async (from, next) => {
    await called(`write ${next.phase}`);
    if (stored?.resourceVersion !== from.resourceVersion) throw new CoucheStorError('conflict', 'It has changed.');
    stored = withStatus(from, next);
    return stored;
  },
  hold: async (from) => {
    await called('hold');
    if (stored?.resourceVersion !== from.resourceVersion) throw new CoucheStorError('conflict', 'It has changed.');
    const resourceVersion = String(Number(from.resourceVersion) + 1);
    stored = { ...from, finalizers: [...from.finalizers, MIGRATION_FINALIZER], resourceVersion };
    return stored;
  },
  release: async ({ name }) => {
    await Promise.resolve();
    released.push(name);
  },
};

function withStatus(from: VolumeMigrationRecord, next: VolumeMigrationStatus): VolumeMigrationRecord {
  const changed = record(next, {}, { generation: from.generation, finalizers: from.finalizers });
  return { ...changed, resourceVersion: String(Number(from.resourceVersion) + 1) };
}

const mover: MigrationReconcilerOptions['mover'] = {
  volume: async () => {
    await called('look');
    return volume;
  },
  surroundings: () => {
    const facts = cluster();
    const isCordoned = (pool: string): boolean =>
      calls.lastIndexOf(`cordon ${pool}`) > calls.lastIndexOf(`uncordon ${pool}`);
    return seen({ ...facts, pools: facts.pools.map((one) => ({ ...one, cordoned: isCordoned(one.pool) })) });
  },
  rebuildHistory: () => seen({ kind: 'unavailable', reason: 'none' }),
  setReplicaCount: (_volume, count) => called(`scale ${count}`),
  cordonNode: (node) => called(`cordon ${node}`),
  uncordonNode: (node) => called(`uncordon ${node}`),
  cordonPool: (pool) => called(`cordon ${pool}`),
  uncordonPool: (pool) => called(`uncordon ${pool}`),
};

const lock: MigrationReconcilerOptions['lock'] = {
  acquire: async (holder) => {
    await called(`lock ${holder}`);
    return { kind: 'held' };
  },
  release: () => called('unlock'),
};

function reconciler(settings: MigrationReconcilerOptions['settings'] = {}): MigrationReconciler {
  return new MigrationReconciler({
    migrations,
    mover,
    lock,
    isPolicyGone: ({ name }) => name === 'policy' && isPolicyGone,
    clock,
    logger: { ...nullLogger, info: (line) => told.push(line), warn: (line) => warned.push(line) },
    settings,
    onPhase: (_record, from, to) => phases.push(`${from ?? 'none'} to ${to}`),
    onStranded: (_record, message) => strands.push(message),
    mark: (name) => void marks.push(name),
  });
}

const run = (driver = reconciler()) => driver.reconcile('v1-1', leading.signal);
const add = (changed = {}) =>
  status('Adding', { intent: intent('Add', { replicaIdsBefore: ids, replicaCountAfter: 3, ...changed }) });
const refused = new CoucheStorError('conflict', 'Busy.', { fields: { refused: true } });
const statusNow = (): VolumeMigrationStatus | undefined =>
  stored?.parsed.kind === 'ok' ? stored.parsed.value.status : undefined;

describe('the driver of a migration', () => {
  it('goes from the plan to the scale-up, each intent written before its call', async () => {
    stored = record(undefined);
    onCall = (name) => {
      if (name === 'scale 3') volume = { ...before, replicaCount: 3 };
    };
    expect(await run()).toEqual({ kind: 'again', afterMs: 1000 });
    expect(calls.filter((name) => name !== 'look')).toEqual([
      'write Pending',
      'write Adding',
      'lock v1-1',
      'write Adding',
      'cordon cold-n4',
      'write Adding',
      'scale 3',
    ]);
    expect(phases).toEqual(['none to Pending', 'Pending to Adding']);
    expect(told).toEqual([]);
    expect(reads).toBe(1);
    expect(marks.slice(-2)).toEqual(['before setReplicaCount Adding', 'after setReplicaCount Adding']);
  });

  it('keeps the object from going before anything is touched', async () => {
    stored = record(undefined, {}, { finalizers: ['x'] });
    onCall = (name) => {
      if (name !== 'hold' && !name.startsWith('write ')) throw new Error('Nothing more is done.');
    };
    await run().catch(() => undefined);
    expect(calls.slice(0, 2)).toEqual(['hold', 'write Pending']);
    expect(stored.finalizers).toEqual(['x', MIGRATION_FINALIZER]);
    expect(marks.slice(0, 2)).toEqual(['before hold', 'after hold']);
  });

  it.each(['read here', 'in the cache'])('takes the cordons of another migration, %s, for none', async (where) => {
    const steering = { ...record(undefined), name: 'v2-1', uid: 'uid-2' };
    const cordons = [{ kind: 'Pool', name: 'cold-n3', setTime: ago(0) }];
    const others = { ...steering, parsed: record(status('Adding', { cordons })).parsed };
    calls.push('cordon cold-n3');
    const driver = reconciler();
    if (where === 'read here') {
      stored = { ...others, parsed: record(status('Adding', { cordons, startTime: ago(0) })).parsed };
      onCall = (name) => (name === 'lock v2-1' ? Promise.reject(new Error('Nothing more is done.')) : undefined);
      await driver.reconcile('v2-1', leading.signal).catch(() => undefined);
    } else {
      cached = [others];
    }
    stored = record(status('Pending'));
    onCall = (name) => (name === 'lock v1-1' ? Promise.reject(new Error('Nothing more is done.')) : undefined);
    await run(driver).catch(() => undefined);
    expect(statusNow()?.phase).toBe('Adding');
  });

  it('is done with an object that is gone, or that cannot be understood', async () => {
    stored = undefined;
    expect(await run()).toEqual({ kind: 'done' });
    stored = { ...record(undefined), parsed: parseVolumeMigration({}) };
    expect(await run()).toEqual({ kind: 'done' });
    expect(calls).toEqual([]);
  });

  it('lets a deleted object go that cannot be understood and has left nothing behind', async () => {
    const odd = { parsed: parseVolumeMigration({}), deleting: true, leftovers: [] };
    stored = { ...record(undefined), ...odd };
    expect(await run()).toEqual({ kind: 'done' });
    expect([calls, released]).toEqual([['unlock'], ['v1-1']]);
  });

  it('says once what to do about one that has, or may have', async () => {
    const odd = { ...record(undefined), parsed: parseVolumeMigration({}) };
    const driver = reconciler();
    stored = odd;
    for (let look = 0; look < 2; look += 1) await run(driver);
    expect([warned.length, strands]).toEqual([1, []]);
    stored = { ...odd, deleting: true, leftovers: ['cordons', 'intent'] };
    for (let look = 0; look < 2; look += 1) await run(driver);
    expect(warned).toHaveLength(2);
    expect(strands).toEqual([
      expect.stringMatching(/status\.cordons, status\.intent: .* finalizer storage\.billyronks/),
    ]);
    stored = { ...odd, deleting: true };
    await run();
    expect([strands.length, released]).toEqual([2, []]);
  });

  it('passes a conflict on and makes no call after it', async () => {
    stored = record(add(), {}, { generation: 2 });
    onCall = (name) => {
      if (name.startsWith('write') && stored !== undefined) stored = { ...stored, resourceVersion: '9' };
    };
    await expect(run()).rejects.toMatchObject({ code: 'conflict' });
    expect(calls).not.toContain('scale 3');
  });

  it('looks again when the look took so long that the object may have changed, and calls only if it has not', async () => {
    stored = record(status('Adding'));
    let isSlow = true;
    onCall = (name) => {
      if (name !== 'lock v1-1' || !isSlow) return;
      isSlow = false;
      // The process was paused, and somebody else went on with the migration.
      void clock.advance(60_000);
      if (stored !== undefined) stored = { ...record(status('Syncing', kept)), resourceVersion: '7' };
      volume = during;
    };
    await run().catch(() => undefined);
    expect(calls).not.toContain('cordon cold-n4');
    expect(calls).not.toContain('scale 3');
  });

  it('calls for nothing on an object that another process has only just changed', async () => {
    const cordons = [{ kind: 'Pool', name: 'cold-n4', setTime: ago(0) }];
    stored = record(status('Adding', { intent: intent('Cordon'), cordons }));
    onCall = (name) => {
      // The other one has lifted its cordons and gone on.
      if (name === 'lock v1-1') stored = { ...record(status('Syncing', kept)), resourceVersion: '7' };
    };
    await run();
    expect(calls).not.toContain('cordon cold-n4');
  });

  it('reads the object once for each call at the most, and not after its own writes', async () => {
    stored = record(undefined);
    onCall = async (name) => {
      if (name === 'look') await clock.advance(1_000);
      if (name === 'scale 3') volume = { ...before, replicaCount: 3 };
    };
    await run();
    expect(calls.filter((name) => /^(lock|cordon|scale)/.test(name))).toHaveLength(3);
    expect(reads).toBe(1 + 3);
  });

  it('makes no call once it leads no more', async () => {
    stored = record(add());
    onCall = (name) => {
      if (name === 'lock v1-1') leading.abort();
    };
    expect(await run()).toEqual({ kind: 'again', afterMs: 0 });
    expect(calls).not.toContain('scale 3');
  });

  it('looks for what a call has done whose outcome is not known, and stamps it anew before it calls again', async () => {
    stored = record(add());
    onCall = (name) => {
      if (name === 'scale 3') throw new CoucheStorError('timeout', 'No answer.');
    };
    const driver = reconciler();
    expect(await run(driver)).toEqual({ kind: 'again', afterMs: 10_000 });
    await clock.advance(10_000);
    const earlier = calls.length;
    await run(driver);
    expect(calls.slice(earlier).filter((name) => name !== 'look' && !name.startsWith('lock'))).toEqual([
      'write Adding',
      'scale 3',
    ]);
    expect(statusNow()?.intent?.recordedTime).toBe(ago(-10_000));
  });

  it('hands a refusal to the machine, which ends the migration and lifts what it set', async () => {
    stored = record(undefined);
    onCall = (name) => {
      if (name === 'scale 3') throw refused;
    };
    expect(await run()).toEqual({ kind: 'done' });
    expect(calls.filter((name) => name !== 'look').slice(-5)).toEqual([
      'write Adding',
      'uncordon cold-n4',
      'write Adding',
      'unlock',
      'write Failed',
    ]);
    expect(statusNow()?.message).toBe('Mayastor refused to add a replica: Busy.');
  });

  it('waits while the storage system cannot be looked at', async () => {
    stored = record(add());
    onCall = () => {
      throw new CoucheStorError('unauthorized', 'No.');
    };
    expect(await run()).toEqual({ kind: 'again', afterMs: 10_000 });
    expect(calls).toEqual(['look']);
  });

  it('is not woken up by what it wrote itself, but by a change of somebody else', async () => {
    stored = record(status('Syncing', kept));
    volume = { ...during, target: undefined };
    const driver = reconciler();
    expect(await run(driver)).toEqual({ kind: 'again', afterMs: 10_000 });
    await clock.advance(4_000);
    calls = [];
    expect(await run(driver)).toEqual({ kind: 'again', afterMs: 6_000 });
    expect(calls).toEqual([]);
    stored = { ...stored, resourceVersion: '9' };
    await run(driver);
    expect(calls).toContain('look');
  });

  it('gives others their turn after so many steps', async () => {
    stored = record(undefined);
    expect(await run(reconciler({ maxSteps: 3 }))).toEqual({ kind: 'again', afterMs: 0 });
    expect(reads).toBe(1);
  });

  it('lets a deleted object go that has ended', async () => {
    stored = record(status('Completed'), {}, { deleting: true });
    isPolicyGone = true;
    expect(await run()).toEqual({ kind: 'done' });
    expect(released).toEqual(['v1-1']);
  });

  it('shows a lasting failure on the object, and takes it back when it goes on', async () => {
    stored = record(add());
    await reconciler().reportFailure('v1-1', new CoucheStorError('forbidden', 'No rights.'), leading.signal);
    expect(statusNow()?.conditions).toMatchObject([{ type: 'Stalled', status: 'True', reason: 'Forbidden' }]);
    volume = { ...before, replicaCount: 1 };
    await run();
    expect(statusNow()?.phase).toBe('Failed');
    expect(statusNow()?.conditions).toBeUndefined();
  });
});
