/** The ways of a migration, written as the operator writes them, on a server that enforces the definition's rules. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  isFinal,
  MIGRATION_FINALIZER,
  MIGRATION_PHASES,
  PHASE_TRANSITIONS,
  setCondition,
} from '@couchestor/common/api';
import type { Cordon, MigrationIntent, MigrationPhase, VolumeMigrationStatus } from '@couchestor/common/api';
import { until } from '../../fault/kube-adapter/lab.ts';
import { MIGRATIONS, Stage, statusOf, type VolumeMigrationRecord } from './stage.ts';

let stage: Stage;
let names = 0;

beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

const nextName = (): string => `v-1-${(names += 1)}`;
const time = '2026-02-17T09:30:00Z';
const before = ['r-1', 'r-2'];
const oldReplica = { replicaId: 'r-1', pool: 'pool-a', node: 'node-a' } as NonNullable<
  VolumeMigrationStatus['oldReplica']
>;
const newReplica = { replicaId: 'r-3', pool: 'pool-b', node: 'node-b' } as typeof oldReplica;
const extraReplica = { ...newReplica, recordedTime: time };
const cordons: readonly Cordon[] = [
  { kind: 'Pool', name: 'pool-c', setTime: time },
  { kind: 'Node', name: 'node-d', label: 'couchestor-v-1-1', setTime: time },
];
const intent = (step: MigrationIntent['step'], more: Partial<MigrationIntent> = {}): MigrationIntent => ({
  operationId: `op-${step.toLowerCase()}`,
  step,
  expectedGeneration: 1,
  recordedTime: time,
  ...more,
});
const add = intent('Add', { replicaIdsBefore: before, replicaCountAfter: 3 });
const removal = intent('Remove', { replicaIdsBefore: [...before, 'r-3'], replicaCountAfter: 2 });
const cleanUp = intent('CleanUp', { replicaIdsBefore: [...before, 'r-3'], replicaCountAfter: 2 });

const started = { observedGeneration: 1, startTime: time, phaseStartTime: time, oldReplica };
const synced = { ...started, newReplica, bytesTotal: 2048, bytesSynced: 2048, progressPercent: 100 };

/** Writes each on top of the one before, and looks at what the server made of it. */
async function walk(
  record: VolumeMigrationRecord,
  statuses: readonly VolumeMigrationStatus[],
): Promise<VolumeMigrationRecord> {
  let current = record;
  for (const status of statuses) {
    current = await stage.migrations.writeStatus(current, status, stage.signal);
    expect(statusOf(current)).toEqual(status);
  }
  return current;
}

/** The shortest way to each phase. */
const WAYS: Readonly<Record<MigrationPhase, readonly MigrationPhase[]>> = {
  Pending: ['Pending'],
  AwaitingApproval: ['Pending', 'AwaitingApproval'],
  Adding: ['Pending', 'Adding'],
  Syncing: ['Pending', 'Adding', 'Syncing'],
  Verifying: ['Pending', 'Adding', 'Syncing', 'Verifying'],
  Removing: ['Pending', 'Adding', 'Syncing', 'Verifying', 'Removing'],
  Completed: ['Pending', 'Adding', 'Syncing', 'Verifying', 'Removing', 'Completed'],
  Aborted: ['Pending', 'Adding', 'Syncing', 'Aborted'],
  Failed: ['Pending', 'Adding', 'Failed'],
  Cancelled: ['Pending', 'Adding', 'Syncing', 'Cancelled'],
};
const FINAL = MIGRATION_PHASES.filter(isFinal);

/** Every step that carrying out a migration takes from one phase to another. */
const STEPS: readonly (readonly [MigrationPhase, MigrationPhase, string])[] = [
  ['Pending', 'AwaitingApproval', 'nobody has approved it'],
  ['Pending', 'Adding', 'it begins'],
  ['Pending', 'Completed', 'it is a dry run'],
  ['Pending', 'Failed', 'it has become impossible'],
  ['Pending', 'Cancelled', 'it was cancelled or deleted'],
  ['AwaitingApproval', 'Pending', 'it was approved'],
  ['AwaitingApproval', 'Adding', 'it was approved and begins'],
  ['AwaitingApproval', 'Completed', 'it is a dry run'],
  ['AwaitingApproval', 'Failed', 'the volume is gone'],
  ['AwaitingApproval', 'Cancelled', 'it was cancelled or deleted'],
  ['Adding', 'Syncing', 'the replica is there and the cordons are lifted'],
  ['Adding', 'Failed', 'the storage system refused'],
  ['Adding', 'Aborted', 'the replica came to another pool'],
  ['Adding', 'Cancelled', 'it was cancelled or deleted'],
  ['Syncing', 'Verifying', 'the replica is in sync'],
  ['Syncing', 'Aborted', 'the deadline has passed'],
  ['Syncing', 'Cancelled', 'it was cancelled or deleted'],
  ['Verifying', 'Syncing', 'the replica is not in sync any more'],
  ['Verifying', 'Removing', 'it settled'],
  ['Verifying', 'Completed', 'both copies are kept'],
  ['Verifying', 'Aborted', 'the deadline has passed'],
  ['Verifying', 'Cancelled', 'it was cancelled or deleted'],
  ['Removing', 'Completed', 'the old replica went'],
  ['Removing', 'Failed', 'another replica went'],
  ['Removing', 'Aborted', 'the removal cannot be steered'],
  ['Removing', 'Cancelled', 'it was cancelled or deleted'],
];

describe('a migration that goes well', () => {
  it('can write every intent before its effect, every cordon until it is lifted, and that it was recorded', async () => {
    const record = await stage.migration(nextName());
    expect(record).toMatchObject({ generation: 1, deleting: false, finalizers: [MIGRATION_FINALIZER] });
    expect(statusOf(record)).toBeUndefined();
    const completed: VolumeMigrationStatus = { ...synced, phase: 'Completed', completionTime: time };
    const last = await walk(record, [
      { phase: 'Pending', observedGeneration: 1, message: 'Waits for a slot.' },
      { phase: 'Adding', ...started },
      { phase: 'Adding', ...started, cordons, intent: intent('Cordon') },
      { phase: 'Adding', ...started, cordons, intent: add },
      { phase: 'Adding', ...started, cordons, intent: add, newReplica },
      { phase: 'Adding', ...started, cordons, intent: intent('Uncordon'), newReplica },
      { phase: 'Adding', ...started, cordons: cordons.slice(1), intent: intent('Uncordon'), newReplica },
      { phase: 'Syncing', ...started, newReplica },
      { phase: 'Syncing', ...synced, bytesSynced: 512, progressPercent: 25, estimatedCompletionTime: time },
      { phase: 'Verifying', ...synced },
      { phase: 'Syncing', ...synced },
      { phase: 'Verifying', ...synced },
      { phase: 'Removing', ...synced },
      { phase: 'Removing', ...synced, cordons: cordons.slice(1), intent: intent('Cordon') },
      { phase: 'Removing', ...synced, cordons: cordons.slice(1), intent: removal },
      { phase: 'Removing', ...synced, cordons: cordons.slice(1), intent: intent('Uncordon') },
      completed,
      { ...completed, conditions: setCondition([], recorded, Date.parse(time)) },
    ]);
    expect(last.generation).toBe(1);
  });

  const recorded = { type: 'Recorded', status: 'True', reason: 'Counted', message: 'It is in the totals.' } as const;
});

describe('a step from one phase to another', () => {
  it.each(STEPS)('is possible from %s to %s: %s', async (from, to) => {
    const record = await stage.migration(nextName(), { phases: WAYS[from] });
    const ended = isFinal(to) ? { completionTime: time, extraReplica } : {};
    expect(statusOf(await walk(record, [{ phase: to, ...ended }]))?.phase).toBe(to);
  });

  it('is one of all that the API allows, which are no more but for a failure while it copies', () => {
    const known = new Set(STEPS.map(([from, to]) => `${from} ${to}`));
    const all = MIGRATION_PHASES.flatMap((from) => PHASE_TRANSITIONS[from].map((to) => `${from} ${to}`));
    expect(all.filter((step) => !known.has(step))).toEqual(['Syncing Failed', 'Verifying Failed']);
  });
});

describe.each(FINAL)('a migration that is %s', (phase) => {
  it('takes the wish to clean up, and what was done for it', async () => {
    const name = nextName();
    const record = await stage.migration(name, { phases: WAYS[phase] });
    const ended: VolumeMigrationStatus = { ...synced, phase, completionTime: time, extraReplica };
    await walk(record, [ended]);
    const asked = await stage.say(name, { spec: { cleanup: true } });
    expect(asked.generation).toBe(2);
    const removed = { ...extraReplica, removedTime: time };
    await walk(asked, [
      { ...ended, observedGeneration: 2, cordons: cordons.slice(1), intent: intent('Cordon') },
      { ...ended, observedGeneration: 2, cordons: cordons.slice(1), intent: { ...cleanUp, expectedGeneration: 2 } },
      { ...ended, observedGeneration: 2, cordons: cordons.slice(1), extraReplica: removed, intent: intent('Uncordon') },
      { ...ended, observedGeneration: 2, extraReplica: removed },
    ]);
    await stage.say(name, { spec: { cleanup: false } });
  });

  it('takes a cancellation that comes too late, and stays as it is', async () => {
    const name = nextName();
    await stage.migration(name, { phases: WAYS[phase] });
    const late = await stage.say(name, { spec: { cancel: true } });
    for (const other of MIGRATION_PHASES.filter((candidate) => candidate !== phase)) {
      const write = stage.migrations.writeStatus(late, { phase: other }, stage.signal);
      await expect(write).rejects.toMatchObject({ code: 'invalid', retryable: false });
    }
    expect(statusOf(await stage.read(name))?.phase).toBe(phase);
  });
});

describe.each(MIGRATION_PHASES)('a migration in phase %s', (phase) => {
  it('can be cancelled and approved, and goes on from there', async () => {
    const name = nextName();
    const spec = { approval: { mode: 'Manual' } };
    await stage.migration(name, { phases: WAYS[phase], spec });
    await stage.say(name, { spec: { approval: { approved: true, approvedBy: 'Jane' } } });
    const cancelled = await stage.say(name, { spec: { cancel: true } });
    expect(cancelled).toMatchObject({ generation: 3, parsed: { kind: 'ok', value: { spec: { cancel: true } } } });
    const to = isFinal(phase) ? phase : 'Cancelled';
    await walk(cancelled, [{ phase: to, observedGeneration: 3, completionTime: time, extraReplica }]);
  });

  it('is held when it is deleted, is driven to its end, and goes when it is released', async () => {
    const name = nextName();
    await stage.migration(name, { phases: WAYS[phase] });
    await stage.delete(name);
    const deleted = await stage.read(name);
    // Deletion counts as a change, so that an intent of before is decided again.
    expect(deleted).toMatchObject({ deleting: true, generation: 2, finalizers: [MIGRATION_FINALIZER] });
    const cleaned = await stage.say(name, { spec: { cleanup: true } });
    const ended = { phase: isFinal(phase) ? phase : 'Cancelled', completionTime: time } as const;
    const lifted = await walk(cleaned, [
      { ...ended, cordons, extraReplica, intent: intent('Uncordon') },
      { ...ended, extraReplica: { ...extraReplica, removedTime: time } },
    ]);
    await stage.migrations.release(lifted, stage.signal);
    expect(await stage.exists(name)).toBe(false);
    // Released twice, as after a crash.
    await stage.migrations.release(lifted, stage.signal);
  });
});

describe('the bounds of a status', () => {
  const many = (count: number): readonly Cordon[] =>
    Array.from({ length: count }, (_, index) => ({
      kind: index % 2 === 0 ? 'Node' : 'Pool',
      name: `${'n'.repeat(59)}-${String(index).padStart(3, '0')}`,
      label: 'l'.repeat(63),
      setTime: time,
    }));

  it('hold as many cordons as there may be, with names as long as they may be', async () => {
    const record = await stage.migration(nextName(), { phases: WAYS.Adding });
    const full = await walk(record, [{ phase: 'Adding', cordons: many(256), intent: add }]);
    const more = stage.migrations.writeStatus(full, { phase: 'Adding', cordons: many(257) }, stage.signal);
    await expect(more).rejects.toMatchObject({ code: 'invalid' });
  });

  it('hold the replicas and the count of the largest volume, and one more', async () => {
    const record = await stage.migration(nextName(), { phases: WAYS.Adding });
    const replicaIdsBefore = Array.from({ length: 17 }, (_, index) => `r-${index}`);
    await walk(record, [
      { phase: 'Adding', intent: { ...add, replicaIdsBefore: replicaIdsBefore.slice(1), replicaCountAfter: 17 } },
      { phase: 'Adding', intent: { ...removal, replicaIdsBefore, replicaCountAfter: 16 } },
    ]);
  });
});

describe('a policy that is deleted', () => {
  it('takes its migrations along, each of which is held until it is released', async () => {
    const own = await Stage.open();
    try {
      await own.migration('v-1-1', { phases: WAYS.Syncing });
      await own.lab.remove('gold');
      await until(async () => (await own.read('v-1-1')).deleting, 'the migration is deleted');
      const held = await own.read('v-1-1');
      expect(held.finalizers).toContain(MIGRATION_FINALIZER);
      const ended = await own.migrations.writeStatus(held, { phase: 'Cancelled' }, own.signal);
      await own.migrations.release(ended, own.signal);
      expect(await own.exists('v-1-1')).toBe(false);
    } finally {
      await own.close();
    }
  });
});

describe('what others write', () => {
  it('is neither lost nor overwritten by a release', async () => {
    const name = nextName();
    await stage.migration(name);
    await stage.say(name, { metadata: { finalizers: ['example.com/audit', MIGRATION_FINALIZER] } });
    await stage.delete(name);
    const record = await stage.read(name);
    await stage.say(name, { metadata: { labels: { seen: 'yes' } } });
    await expect(stage.migrations.release(record, stage.signal)).rejects.toMatchObject({ code: 'conflict' });
    await stage.migrations.release(await stage.read(name), stage.signal);
    const { metadata } = await stage.stored(name);
    expect([metadata.finalizers, metadata.labels?.seen]).toEqual([['example.com/audit'], 'yes']);
  });

  it('makes a status that was decided before it a conflict', async () => {
    const name = nextName();
    const record = await stage.migration(name, { phases: WAYS.Adding });
    await stage.say(name, { spec: { cancel: true } });
    const write = stage.migrations.writeStatus(record, { phase: 'Adding', intent: add }, stage.signal);
    await expect(write).rejects.toMatchObject({ code: 'conflict' });
    expect((await stage.stored(name)).status).toEqual({ phase: 'Adding' });
    await stage.migrations.remove(record, stage.signal);
    expect((await stage.read(name)).deleting).toBe(false);
  });
});

describe('the list of migrations', () => {
  it('is all there are, and is refused while that cannot be relied on', async () => {
    const own = await Stage.open();
    const stop = new AbortController();
    try {
      const told: string[] = [];
      own.migrations.subscribe((name) => void told.push(name));
      expect(own.migrations.snapshot()).toMatchObject({ kind: 'refused' });
      await own.migration('v-1-1', { phases: ['Pending'] });
      const running = own.resource.informer.run(stop.signal);
      await own.resource.informer.waitForSync(own.signal);
      expect(await own.migrations.create(own.manifest('v-1-1'), own.signal)).toBe('exists');
      const record = await own.migration('v-1-2');
      await until(() => told.includes('v-1-2'), 'the new one was seen');
      const snapshot = own.migrations.snapshot();
      expect(snapshot).toMatchObject({ migrations: [{ name: 'v-1-1' }, { name: 'v-1-2', uid: record.uid }] });
      await own.lab.admin.delete(MIGRATIONS, { name: 'v-1-2' });
      await own.migrations.release(await own.read('v-1-2'), own.signal);
      await until(() => own.resource.informer.lookup('v-1-2').kind === 'absent', 'it is gone');
      stop.abort();
      await running;
    } finally {
      stop.abort();
      await own.close();
    }
  });
});
