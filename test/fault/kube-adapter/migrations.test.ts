/** Each write of a VolumeMigration, struck before or after its effect, refused, or overtaken by somebody else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MIGRATION_FINALIZER, type VolumeMigrationStatus } from '@couchestor/common/api';
import type { CoucheStorError } from '@couchestor/common/base';
import type { FaultEffect, FaultHandle } from '@couchestor/sandbox/kube';
import { Stage, statusOf, type VolumeMigrationRecord } from '../../contract/migrations/stage.ts';
import { ADAPTER } from './lab.ts';

const NAME = 'v-1-1';
const adding: VolumeMigrationStatus = {
  phase: 'Adding',
  startTime: '2026-02-17T09:30:00Z',
  cordons: [{ kind: 'Node', name: 'node-c', label: 'couchestor-v-1-1', setTime: '2026-02-17T09:30:00Z' }],
};
const LOST_BEFORE = { kind: 'reset' } as const;
const LOST_AFTER = { kind: 'after-effect', then: 'reset' } as const;
const ERROR_AFTER = { kind: 'after-effect', then: 'status' } as const;
/** What a write may suffer once and be made all the same. */
const ONCE: readonly (readonly [string, FaultEffect])[] = [
  ['lost before its effect', LOST_BEFORE],
  ['lost after its effect', LOST_AFTER],
  ['followed by a server error', ERROR_AFTER],
  ['answered with 500', { kind: 'status', code: 500 }],
  ['answered with 503', { kind: 'status', code: 503 }],
  ['never answered', { kind: 'drop' }],
  ['answered with a 409 that nobody caused', { kind: 'status', code: 409 }],
];

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

function strike(verb: string, effect: FaultEffect, times = 1): FaultHandle {
  return stage.lab.server.faults.add({ match: { user: ADAPTER, verb, path: /volumemigrations/ }, times, effect });
}
const storedStatus = async (): Promise<unknown> => (await stage.stored(NAME)).status;
const revision = (): number => stage.lab.server.store.revision;

async function deleted(finalizers: readonly string[]): Promise<VolumeMigrationRecord> {
  await stage.migration(NAME);
  await stage.say(NAME, { metadata: { finalizers } });
  await stage.delete(NAME);
  return stage.read(NAME);
}

describe.each(ONCE)('a write that is %s', (_, effect) => {
  it('is made once: creation', async () => {
    const fault = strike('create', effect);
    const before = revision();
    const outcome = await stage.migrations.create(stage.manifest(NAME), stage.signal).catch(() => 'refused');
    // A refusal that is none of the two that the API knows is not repeated.
    const refused = effect.kind === 'status' && effect.code === 409;
    expect([outcome, fault.hits]).toEqual([refused ? 'refused' : 'created', 1]);
    expect(revision()).toBe(refused ? before : before + 1);
  });

  it('is made once: status', async () => {
    const record = await stage.migration(NAME);
    const fault = strike('update', effect);
    const before = revision();
    const written = await stage.migrations.writeStatus(record, adding, stage.signal);
    expect([statusOf(written), await storedStatus(), fault.hits]).toEqual([adding, adding, 1]);
    expect([revision(), written]).toEqual([before + 1, await stage.read(NAME)]);
  });

  it('is made once: release', async () => {
    const record = await deleted([MIGRATION_FINALIZER, 'example.com/audit']);
    const fault = strike('patch', effect);
    const before = revision();
    await stage.migrations.release(record, stage.signal);
    const { metadata } = await stage.stored(NAME);
    expect([metadata.finalizers, fault.hits, revision()]).toEqual([['example.com/audit'], 1, before + 1]);
  });

  it('is made once: the release of the last finalizer', async () => {
    const record = await deleted([MIGRATION_FINALIZER]);
    const fault = strike('patch', effect);
    await stage.migrations.release(record, stage.signal);
    expect([await stage.exists(NAME), fault.hits]).toEqual([false, 1]);
  });

  it('is made once, or not at all where it may have been overtaken: removal', async () => {
    const record = await stage.migration(NAME);
    const fault = strike('delete', effect);
    await stage.migrations.remove(record, stage.signal);
    const left = effect.kind === 'status' && effect.code === 409;
    expect([(await stage.read(NAME)).deleting, fault.hits]).toEqual([!left, 1]);
  });
});

describe('a write that fails every time', () => {
  const codes = [
    [LOST_BEFORE, 'unavailable'],
    [{ kind: 'status', code: 500 }, 'unavailable'],
    [{ kind: 'status', code: 409 }, 'conflict'],
    [{ kind: 'status', code: 403 }, 'forbidden'],
    [{ kind: 'status', code: 422 }, 'invalid'],
  ] as const;

  it.each(codes)('%j is given back as %s, and nothing was written', async (effect, code) => {
    const record = await stage.migration(NAME);
    for (const verb of ['create', 'update', 'patch', 'delete']) strike(verb, effect, Infinity);
    const before = revision();
    const { migrations, signal } = stage;
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code });
    await expect(migrations.create(stage.manifest('v-1-2'), signal)).rejects.toMatchObject({ code });
    await expect(migrations.release({ ...record, deleting: true }, signal)).rejects.toMatchObject({ code });
    // Who removes an object that changes all the time leaves it alone.
    const removal = migrations.remove(record, signal);
    await (code === 'conflict' ? removal : expect(removal).rejects.toMatchObject({ code }));
    expect(revision()).toBe(before);
  });

  it('and takes effect every time is found to have been made', async () => {
    const record = await stage.migration(NAME);
    for (const verb of ['create', 'update', 'patch', 'delete']) strike(verb, LOST_AFTER, Infinity);
    const { migrations, signal } = stage;
    expect(await migrations.create(stage.manifest('v-1-2'), signal)).toBe('created');
    const written = await migrations.writeStatus(record, adding, signal);
    await migrations.remove(written, signal);
    await migrations.release(await stage.read(NAME), signal);
    expect(await stage.exists(NAME)).toBe(false);
  });
});

describe('an object that was deleted and made again under its name', () => {
  it('is not touched by what was decided on the one before', async () => {
    const record = await stage.migration(NAME);
    await stage.recreate(NAME);
    const before = await stage.stored(NAME);
    expect(before.metadata.uid).not.toBe(record.uid);
    const { migrations, signal } = stage;
    await expect(migrations.writeStatus(record, adding, signal)).rejects.toMatchObject({ code: 'notFound' });
    await migrations.release({ ...record, deleting: true }, signal);
    await migrations.remove(record, signal);
    expect(await stage.stored(NAME)).toEqual(before);
  });

  it.each([LOST_BEFORE, LOST_AFTER])('is not touched by a write that goes wrong with %j meanwhile', async (effect) => {
    const record = await stage.migration(NAME);
    strike('update', { kind: 'delay', ms: 200 });
    strike('update', effect);
    const write = stage.migrations.writeStatus(record, adding, stage.signal).catch((error: unknown) => error);
    await stage.recreate(NAME);
    // Which of the two depends on what it met first: the change before the deletion, or the new object.
    expect(['conflict', 'notFound']).toContain(((await write) as CoucheStorError).code);
    expect(await storedStatus()).toBeUndefined();
  });
});

describe('two that drive the same migration', () => {
  it('never both write on what they read, whatever gets lost', async () => {
    let record = await stage.migration(NAME, { phases: ['Pending'] });
    for (const effect of [LOST_BEFORE, LOST_AFTER, ERROR_AFTER, undefined]) {
      if (effect !== undefined) strike('update', effect, 2);
      const writes = ['one', 'two'].map((driver) => {
        const message = `${driver} ${effect?.kind}`;
        return stage.migrations.writeStatus(record, { phase: 'Pending', message }, stage.signal);
      });
      const results = await Promise.allSettled(writes);
      const won = results.filter((result) => result.status === 'fulfilled');
      expect(won).toHaveLength(1);
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
      record = won[0]!.value;
      expect(await storedStatus()).toEqual(statusOf(record));
    }
  });

  it('create one object between them', async () => {
    strike('create', LOST_AFTER, 2);
    const makers = [1, 2, 3].map(() => stage.migrations.create(stage.manifest(NAME), stage.signal));
    expect((await Promise.all(makers)).sort()).toEqual(['created', 'exists', 'exists']);
  });
});
