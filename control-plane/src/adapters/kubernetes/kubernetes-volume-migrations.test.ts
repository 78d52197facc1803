import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  MIGRATION_FINALIZER,
  parseVolumeMigration,
  volumeMigrationManifest,
  type VolumeMigration,
  type VolumeMigrationManifest,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import { InvariantError, realClock, VirtualClock, type Clock } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../../model/volume-migration-record.ts';
import { FakeKubeApi } from './fake-kube-api.ts';
import { KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { KubernetesVolumeMigrations } from './kubernetes-volume-migrations.ts';
import { volumeMigrations, type TypedResource } from './typed-resource.ts';

const MIGRATIONS = '/apis/storage.billyronks.io/v1/volumemigrations';
const spec = {
  policyRef: { name: 'gold' },
  volumeId: 'v-1',
  source: { tier: 'Hot', pool: 'pool-a', node: 'node-a' },
  target: { tier: 'Cold', pool: 'pool-b', node: 'node-b' },
  plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2 },
  reason: { code: 'BelowLowWatermark', message: 'Idle.' },
};
const adding: VolumeMigrationStatus = { phase: 'Adding', startTime: '2026-02-17T09:30:00Z' };
const { signal } = new AbortController();

let api: FakeKubeApi;
let migrations: KubernetesVolumeMigrations;
/** Does not wait, so that retries are instant; deadlines never come. */
const hasty: Clock = { ...realClock, sleep: () => Promise.resolve(), setTimer: () => ({ cancel: () => undefined }) };
const resourceOn = (clock: Clock): TypedResource<VolumeMigration> => {
  const client = new KubeClient({ transport: api, clock, requestsPerSecond: 1e6, burst: 1e6 });
  return volumeMigrations({ client, random: () => 0.5 });
};

beforeEach(() => {
  api = new FakeKubeApi();
  migrations = new KubernetesVolumeMigrations(resourceOn(hasty));
});

function put(name: string, { status, ...metadata }: Record<string, unknown> = {}): void {
  api.put(MIGRATIONS, {
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: {
      generation: 1,
      creationTimestamp: '2026-02-17T09:00:00Z',
      finalizers: [MIGRATION_FINALIZER],
      ...metadata,
      name,
    },
    spec,
    ...(status === undefined ? {} : { status }),
  });
}
const stored = (name: string): KubeObject | undefined => api.object(MIGRATIONS, name);
async function read(name: string): Promise<VolumeMigrationRecord> {
  const record = await migrations.read(name, signal);
  if (record === undefined) throw new Error(`There is no ${name}.`);
  return record;
}
/** As another writer: same object, another version. */
function touch(name: string, change: Record<string, unknown> = {}): void {
  const { metadata, ...rest } = stored(name)!;
  api.put(MIGRATIONS, { ...rest, ...change, metadata: { ...metadata, labels: { touched: 'yes' } } });
}
function recreate(name: string): void {
  api.remove(MIGRATIONS, name);
  put(name);
}
const writes = (): string[] => api.verbs(/volumemigrations/).filter((verb) => verb !== 'get');
function manifest(name: string): VolumeMigrationManifest {
  const parsed = parseVolumeMigration({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: { name },
    spec,
  });
  if (parsed.kind === 'invalid') throw new Error('The document is a valid one.');
  return volumeMigrationManifest(name, parsed.value.spec, 'policy-uid');
}

describe('what is known of VolumeMigrations', () => {
  it('is refused until the informer is in step, and then all there is, readable or not', async () => {
    put('a', { status: { phase: 'Syncing' } });
    api.put(MIGRATIONS, { metadata: { name: 'odd' }, spec: { volumeId: 'v-2' } });
    const clock = new VirtualClock();
    const resource = resourceOn(clock);
    migrations = new KubernetesVolumeMigrations(resource);
    const told: string[] = [];
    const unsubscribe = migrations.subscribe((name) => void told.push(name));
    expect(migrations.snapshot()).toMatchObject({ kind: 'refused', message: expect.any(String) });
    const stop = new AbortController();
    const running = resource.informer.run(stop.signal);
    await clock.advance(0);
    const snapshot = migrations.snapshot();
    if (snapshot.kind === 'refused') throw new Error(snapshot.message);
    expect(snapshot.migrations).toMatchObject([
      { name: 'a', generation: 1, deleting: false, createdAtMs: Date.parse('2026-02-17T09:00:00Z') },
      { name: 'odd', finalizers: [], createdAtMs: 0, parsed: { kind: 'invalid' } },
    ]);
    put('a', { status: { phase: 'Verifying' } });
    api.remove(MIGRATIONS, 'odd');
    await clock.advance(0);
    expect(told).toEqual(['a', 'odd', 'a', 'odd']);
    unsubscribe();
    stop.abort();
    await clock.advance(0);
    await running;
  });

  it('is read from the server, whatever the cache says', async () => {
    put('a', { deletionTimestamp: '2026-02-17T10:00:00Z' });
    expect(await read('a')).toMatchObject({
      name: 'a',
      uid: stored('a')!.metadata.uid,
      resourceVersion: stored('a')!.metadata.resourceVersion,
      deleting: true,
      finalizers: [MIGRATION_FINALIZER],
      parsed: { kind: 'ok' },
    });
    expect(await migrations.read('none', signal)).toBeUndefined();
  });
});

describe('what is left of one that cannot be read', () => {
  const cordon = { kind: 'Node', name: 'n', label: 'l' };
  it.each([
    [undefined, []],
    [{ phase: 'Future', cordons: [], extraReplica: { removedTime: '2026-02-17T10:00:00Z' } }, []],
    [
      { cordons: [cordon], intent: { step: 'Swap' }, extraReplica: { pool: 'p' } },
      ['cordons', 'intent', 'extraReplica'],
    ],
    [{ cordons: 'all' }, ['cordons']],
    ['odd', ['status']],
  ])('of the status %j is %j', async (status, leftovers) => {
    api.put(MIGRATIONS, { metadata: { name: 'odd' }, ...(status === undefined ? {} : { status }) });
    expect(await read('odd')).toMatchObject({ parsed: { kind: 'invalid' }, leftovers });
  });

  it('is nothing that one has to guess of one that can', async () => {
    put('a');
    expect(await read('a')).not.toHaveProperty('leftovers');
  });
});

describe('create', () => {
  it('makes the object once, also through a lost answer', async () => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'create' });
    expect(await migrations.create(manifest('v-1-1'), signal)).toBe('created');
    expect(stored('v-1-1')).toMatchObject({
      metadata: { finalizers: [MIGRATION_FINALIZER], ownerReferences: [{ name: 'gold', uid: 'policy-uid' }] },
      spec: { volumeId: 'v-1' },
    });
    expect(await migrations.create(manifest('v-1-1'), signal)).toBe('exists');
  });

  it('says what it does not know', async () => {
    api.fault({ kind: 'status', code: 500 }, { verb: 'create', times: Infinity });
    await expect(migrations.create(manifest('v-1-1'), signal)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('writeStatus', () => {
  beforeEach(() => put('a'));

  it('replaces the status and gives back what is there now, to write on', async () => {
    const first = await migrations.writeStatus(await read('a'), { ...adding, message: 'Begins.' }, signal);
    const second = await migrations.writeStatus(first, adding, signal);
    expect(stored('a')!.status).toEqual(adding);
    expect(second).toEqual(await read('a'));
  });

  it('writes nothing when the object has changed since', async () => {
    const record = await read('a');
    touch('a', { status: { phase: 'Cancelled' } });
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'conflict' });
    expect(writes()).toEqual([]);
    expect(stored('a')!.status).toEqual({ phase: 'Cancelled' });
  });

  it('writes nothing when it changes at the last moment', async () => {
    const record = await read('a');
    api.fault({ kind: 'before', run: () => touch('a') }, { verb: 'update' });
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'conflict' });
    expect(stored('a')!.status).toBeUndefined();
  });

  it.each([
    ['is gone', () => api.remove(MIGRATIONS, 'a')],
    ['was made anew', () => recreate('a')],
  ])('says so when the object %s, before or at the last moment', async (_, change) => {
    const record = await read('a');
    api.fault({ kind: 'before', run: change }, { verb: 'update' });
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'notFound' });
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'notFound' });
    expect(stored('a')?.status).toBeUndefined();
    expect(writes()).toEqual(['update']);
  });

  it('finds out that a write whose answer was lost was made', async () => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'update' });
    const written = await migrations.writeStatus(await read('a'), adding, signal);
    expect([writes(), written]).toEqual([['update'], await read('a')]);
  });

  it('makes a write that was lost on its way', async () => {
    api.fault({ kind: 'reset', sent: true }, { verb: 'update' });
    expect(await migrations.writeStatus(await read('a'), adding, signal)).toEqual(await read('a'));
    expect(stored('a')!.status).toEqual(adding);
  });

  it('does not repeat a lost write over what somebody else wrote', async () => {
    const record = await read('a');
    api.fault({ kind: 'reset', sent: true }, { verb: 'update' });
    api.fault({ kind: 'before', run: () => undefined }, { verb: 'get' });
    api.fault({ kind: 'before', run: () => touch('a', { status: { phase: 'Cancelled' } }) }, { verb: 'get' });
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'conflict' });
    expect(stored('a')!.status).toEqual({ phase: 'Cancelled' });
  });

  it('throws when it cannot find out', async () => {
    const record = await read('a');
    api.fault({ kind: 'status', code: 500 }, { verb: 'update', times: Infinity });
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'unavailable' });
    api.clearFaults();
    api.fault({ kind: 'status', code: 409 }, { verb: 'update', times: Infinity });
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('hold', () => {
  it('adds our finalizer to those of others, once', async () => {
    put('a', { finalizers: ['x'] });
    const held = await migrations.hold(await read('a'), signal);
    expect(held.finalizers).toEqual(['x', MIGRATION_FINALIZER]);
    expect(stored('a')!.metadata.finalizers).toEqual(['x', MIGRATION_FINALIZER]);
    expect(await migrations.hold(held, signal)).toEqual(held);
    expect(writes()).toEqual(['patch']);
  });

  it('changes nothing but the version that was read, and tells of one that is gone', async () => {
    put('a', { finalizers: [] });
    const record = await read('a');
    put('a', { finalizers: ['late'] });
    await expect(migrations.hold(record, signal)).rejects.toMatchObject({ code: 'conflict' });
    expect(stored('a')!.metadata.finalizers).toEqual(['late']);
    put('a', { finalizers: [] });
    api.remove(MIGRATIONS, 'a');
    await expect(migrations.hold(record, signal)).rejects.toMatchObject({ code: 'notFound' });
  });

  it('knows its own lost answer', async () => {
    put('a', { finalizers: [] });
    api.fault({ kind: 'lostAnswer' }, { verb: 'patch' });
    expect((await migrations.hold(await read('a'), signal)).finalizers).toEqual([MIGRATION_FINALIZER]);
  });
});

describe('release', () => {
  const deleted = { deletionTimestamp: '2026-02-17T10:00:00Z' };

  it('takes our finalizer away, and with the last one the object goes', async () => {
    put('a', deleted);
    await migrations.release(await read('a'), signal);
    expect(stored('a')).toBeUndefined();
  });

  it('leaves the finalizers of others', async () => {
    put('a', { ...deleted, finalizers: ['x', MIGRATION_FINALIZER, 'y'] });
    const record = await read('a');
    await migrations.release(record, signal);
    expect(stored('a')!.metadata.finalizers).toEqual(['x', 'y']);
    await migrations.release(record, signal);
    expect(writes()).toEqual(['patch']);
  });

  it('loses no finalizer that came in between', async () => {
    put('a', { ...deleted, finalizers: [MIGRATION_FINALIZER] });
    const record = await read('a');
    put('a', { ...deleted, finalizers: [MIGRATION_FINALIZER, 'late'] });
    await expect(migrations.release(record, signal)).rejects.toMatchObject({ code: 'conflict' });
    expect(stored('a')!.metadata.finalizers).toEqual([MIGRATION_FINALIZER, 'late']);
  });

  it('knows its own lost answer, and leaves an object that was made anew', async () => {
    put('a', { ...deleted, finalizers: [MIGRATION_FINALIZER, 'x'] });
    const record = await read('a');
    api.fault({ kind: 'lostAnswer' }, { verb: 'patch' });
    await migrations.release(record, signal);
    expect(stored('a')!.metadata.finalizers).toEqual(['x']);
    recreate('a');
    await migrations.release(record, signal);
    expect(stored('a')!.metadata.finalizers).toEqual([MIGRATION_FINALIZER]);
    api.remove(MIGRATIONS, 'a');
    await migrations.release(record, signal);
    expect(writes()).toEqual(['patch']);
  });

  it('does not strip an object that nobody deleted', async () => {
    put('a');
    await expect(migrations.release(await read('a'), signal)).rejects.toThrow(InvariantError);
  });
});

describe('remove', () => {
  it('deletes the object as it was read; its finalizer holds it until the release', async () => {
    put('a');
    await migrations.remove(await read('a'), signal);
    const record = await read('a');
    expect(record.deleting).toBe(true);
    await migrations.release(record, signal);
    expect(stored('a')).toBeUndefined();
  });

  it('leaves alone what has changed, was made anew, or is gone', async () => {
    put('a');
    const record = await read('a');
    touch('a');
    await migrations.remove(record, signal);
    expect((await read('a')).deleting).toBe(false);
    recreate('a');
    await migrations.remove(record, signal);
    expect((await read('a')).deleting).toBe(false);
    api.remove(MIGRATIONS, 'a');
    await migrations.remove(record, signal);
  });

  it('throws what is not an answer', async () => {
    put('a');
    const record = await read('a');
    api.fault({ kind: 'status', code: 403 }, { verb: 'delete' });
    await expect(migrations.remove(record, signal)).rejects.toMatchObject({ code: 'forbidden' });
  });
});
