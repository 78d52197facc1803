/**
 * An extra replica that a cancelled migration left is taken over by a later one, with two leaders, a process that ends at any
 * boundary, and people who change their minds at any boundary. Afterwards the volume has what it asks for, or one object that
 * says what it has besides.
 */
import { describe, expect, it } from '@jest/globals';
import { isFinal, parseVolumeMigration, type VolumeMigrationStatus } from '@couchestor/common/api';
import { nullLogger, VirtualClock } from '@couchestor/common/base';
import { MigrationReconciler } from '@couchestor/control-plane/hands';
import { MayastorCluster } from '@couchestor/sandbox/mayastor';
import { ClusterMover } from './cluster-mover.ts';
import { InMemoryMigrations } from './in-memory-migrations.ts';

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;
const LENDER = 'v-1';
const ADOPTER = 'v-2';

class Stage {
  readonly clock = new VirtualClock();
  readonly cluster = new MayastorCluster({
    clock: this.clock,
    release: '2.10',
    seed: 1,
    rebuildBytesPerSecond: GIB / 2,
  });
  readonly migrations = new InMemoryMigrations(() => 'none');
  readonly mover = new ClusterMover({
    cluster: this.cluster,
    clock: this.clock,
    stalenessMs: 0,
    draw: () => 'none',
    delayMs: () => 5,
  });
  readonly names = [LENDER];
  /** Boundaries that the adopter and the lender came to, in order. */
  readonly marks: string[] = [];
  /** Told of each; true ends the process there. */
  atMark: (mark: string, index: number) => boolean = () => false;
  readonly volumeId: string;
  #holder = '';
  #processes: Process[] = [];

  constructor() {
    for (const name of ['hot', 'cold', 'app']) {
      this.cluster.addNode({ name: `node-${name}` });
      if (name !== 'app') this.cluster.addPool({ name, node: `node-${name}`, capacityBytes: 900 * GIB });
    }
    this.volumeId = this.cluster.createVolume({ sizeBytes: 10 * GIB, replicaCount: 1, pools: ['hot'] });
    this.cluster.publish(this.volumeId, 'node-app');
  }

  get volume() {
    return this.cluster.view().volumes.find(({ volumeId }) => volumeId === this.volumeId);
  }

  get pools(): readonly (string | undefined)[] {
    return (this.volume?.replicas ?? []).map(({ pool }) => pool).sort();
  }

  status(name: string): VolumeMigrationStatus {
    return this.migrations.status(name) ?? { phase: 'Pending' };
  }

  /** Of the migrations that say that an extra replica stands. */
  get leavers(): readonly string[] {
    return this.names.filter((name) => {
      const extra = this.status(name).extraReplica;
      return extra !== undefined && extra.removedTime === undefined;
    });
  }

  plan(name: string, adopts?: string, more: object = {}): void {
    const replicaOn = (pool: string) => this.volume?.replicas.find((one) => one.pool === pool)?.replicaId;
    const loan = adopts === undefined ? {} : { adopts: { migration: adopts, replicaId: replicaOn('cold') } };
    const parsed = parseVolumeMigration({
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'VolumeMigration',
      metadata: { name },
      spec: {
        policyRef: { name: 'policy' },
        volumeId: this.volumeId,
        source: { tier: 'Hot', pool: 'hot', node: 'node-hot', replicaId: replicaOn('hot') },
        target: { tier: 'Cold', pool: 'cold', node: 'node-cold' },
        ...loan,
        plan: { steps: [...(adopts === undefined ? ['Add'] : []), 'Sync', 'Verify', 'Remove'], replicaCount: 1 },
        reason: { code: 'Demote', message: 'It is cold.' },
        ...more,
      },
    });
    if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));
    this.migrations.create(name, parsed.value.spec);
    if (!this.names.includes(name)) this.names.push(name);
  }

  /** The first migration is cancelled while its replica is filled; then the second one is planned. */
  async begin({ untilSynced = false, plan = true } = {}): Promise<void> {
    this.plan(LENDER);
    await this.run(() => this.status(LENDER).phase === (untilSynced ? 'Verifying' : 'Syncing'));
    this.migrations.edit(LENDER, { cancel: true });
    await this.run(() => this.status(LENDER).phase === 'Cancelled');
    expect(this.status(LENDER).extraReplica).toMatchObject({ pool: 'cold' });
    this.marks.length = 0;
    if (plan) this.plan(ADOPTER, LENDER);
  }

  /** Until it is so; every process looks at every migration, and then time passes. */
  async run(isDone: () => boolean, processCount = 1): Promise<void> {
    const untilMs = this.clock.monotonic() + HOUR_MS;
    while (!isDone()) {
      if (this.clock.monotonic() > untilMs) throw new Error('It does not come to that.');
      while (this.#processes.length < processCount) this.#processes.push(this.#start());
      const looks = this.#processes.map(async (process) => {
        for (const name of this.names) {
          const look = process.reconciler.reconcile(name, process.leading.signal).catch(() => undefined);
          if ((await Promise.race([look, process.ended])) === 'ended') {
            this.#processes = this.#processes.filter((one) => one !== process);
            return;
          }
        }
      });
      let isOver = false;
      void Promise.all(looks).then(() => (isOver = true));
      while (!isOver) await this.clock.advance(5);
      await this.clock.advance(1_000);
    }
  }

  readonly isOver = (): boolean => this.names.every((name) => isFinal(this.status(name).phase));

  /** And nobody has anything to settle any more. */
  readonly isSettled = (): boolean =>
    this.isOver() &&
    this.names.every((name) => this.status(name).extraReplica?.adoptedBy === undefined || !this.leavers.includes(name));

  expectSound(): void {
    expect(this.cluster.violations).toEqual([]);
    expect(this.migrations.offences).toEqual([]);
    expect(this.mover.offences).toEqual([]);
    expect(this.#holder).toBe('');
    // What is extra is on record, and only that.
    expect(this.leavers).toHaveLength((this.volume?.replicaCount ?? 1) - 1);
    expect(this.pools).toHaveLength(this.volume?.replicaCount ?? 0);
  }

  #start(): Process {
    const leading = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<'ended'>();
    const reconciler = new MigrationReconciler({
      migrations: this.migrations,
      mover: this.mover,
      lock: {
        acquire: async (holder) => {
          await Promise.resolve();
          if (this.#holder !== '' && this.#holder !== holder) return { kind: 'taken', by: this.#holder };
          this.#holder = holder;
          return { kind: 'held' };
        },
        release: async (holder) => {
          await Promise.resolve();
          if (this.#holder === holder) this.#holder = '';
        },
      },
      isPolicyGone: () => false,
      clock: this.clock,
      logger: nullLogger,
      mark: async (mark) => {
        this.marks.push(mark);
        if (!this.atMark(mark, this.marks.length - 1)) return;
        resolve('ended');
        leading.abort();
        await new Promise(() => undefined);
      },
    });
    return { reconciler, ended, leading };
  }
}

interface Process {
  readonly reconciler: MigrationReconciler;
  readonly ended: Promise<'ended'>;
  readonly leading: AbortController;
}

async function adopted(atMark: Stage['atMark'] = () => false, processCount = 1): Promise<Stage> {
  const stage = new Stage();
  await stage.begin();
  stage.atMark = atMark;
  await stage.run(stage.isSettled, processCount);
  stage.expectSound();
  return stage;
}

function expectMoved(stage: Stage, by = ADOPTER): void {
  expect(stage.status(by).phase).toBe('Completed');
  expect(stage.pools).toEqual(['cold']);
  expect(stage.leavers).toEqual([]);
}

const boundaries = (await adopted()).marks;
const each = boundaries.map((mark, index) => [index, mark] as const);

describe('an extra replica', () => {
  it('is taken over without adding another, and its first migration is done with it', async () => {
    const stage = await adopted();
    expectMoved(stage);
    const { extraReplica } = stage.status(LENDER);
    expect(extraReplica).toMatchObject({ adoptedBy: ADOPTER, removedTime: expect.any(String) });
    expect(stage.status(ADOPTER).newReplica?.replicaId).toBe(extraReplica?.replicaId);
    expect(boundaries.filter((mark) => mark.endsWith('claim'))).toEqual(['before claim', 'after claim']);
    expect(boundaries.filter((mark) => mark === 'before setReplicaCount Removing')).toHaveLength(1);
    expect(boundaries).not.toContain('before setReplicaCount Adding');
  });

  it.each(each)('is taken over by whoever comes after a process that ended at boundary %i, %s', async (index) => {
    expectMoved(await adopted((_, at) => at === index));
  });

  it('is taken over once, by two leaders at a time', async () => {
    expectMoved(await adopted(() => false, 2));
  });

  it.each(each)('is kept by one of the two when the later one is cancelled at boundary %i, %s', async (index) => {
    const stage: Stage = new Stage();
    await stage.begin();
    stage.atMark = (_, at) => {
      if (at === index) stage.migrations.edit(ADOPTER, { cancel: true });
      return false;
    };
    await stage.run(stage.isSettled);
    stage.expectSound();
    if (stage.status(ADOPTER).phase === 'Completed') return;
    expect(stage.pools).toEqual(['cold', 'hot']);
    const [leaver = ''] = stage.leavers;
    expect(leaver).toBe(stage.status(ADOPTER).newReplica === undefined ? LENDER : ADOPTER);
    stage.migrations.edit(leaver, { cleanup: true });
    await stage.run(() => stage.leavers.length === 0);
    stage.expectSound();
    expect(stage.pools).toEqual(['hot']);
  });

  it.each(each)(
    'is removed or taken over, and never both, when its cleanup is asked for at boundary %i, %s',
    async (index) => {
      const stage: Stage = new Stage();
      await stage.begin();
      stage.atMark = (_, at) => {
        if (at === index) stage.migrations.edit(LENDER, { cleanup: true });
        return false;
      };
      await stage.run(() => stage.isSettled() && stage.leavers.length === 0);
      stage.expectSound();
      expect(stage.pools).toEqual([stage.status(ADOPTER).phase === 'Completed' ? 'cold' : 'hot']);
    },
  );

  it('is not removed while it is lent, with the reason', async () => {
    const stage: Stage = new Stage();
    await stage.begin();
    stage.atMark = (mark) => mark === 'after claim';
    await stage.run(() => stage.status(LENDER).extraReplica?.adoptedBy !== undefined);
    stage.migrations.edit(LENDER, { cleanup: true });
    stage.names.splice(1);
    await stage.run(() => stage.status(LENDER).message?.includes('Cancel that one first') === true);
    stage.names.push(ADOPTER);
    stage.atMark = () => false;
    await stage.run(stage.isSettled);
    expectMoved(stage);
  });

  it('passes on to the later migration when that one runs out of time, and from there to a third', async () => {
    const stage = new Stage();
    await stage.begin({ plan: false });
    stage.plan(ADOPTER, LENDER, { plan: { steps: ['Sync', 'Verify', 'Remove'], replicaCount: 1, timeout: '10s' } });
    await stage.run(stage.isSettled);
    expect(stage.status(ADOPTER).phase).toBe('Aborted');
    expect(stage.leavers).toEqual([ADOPTER]);
    stage.expectSound();
    stage.plan('v-3', ADOPTER);
    await stage.run(stage.isSettled);
    stage.expectSound();
    expectMoved(stage, 'v-3');
    expect(stage.status(ADOPTER).extraReplica).toMatchObject({ adoptedBy: 'v-3' });
  });

  it('that is whole is taken over as well, also after the volume was resized', async () => {
    const stage = new Stage();
    await stage.begin({ untilSynced: true });
    stage.cluster.volumes.resize(stage.volumeId, 11 * GIB);
    await stage.run(stage.isSettled);
    stage.expectSound();
    expectMoved(stage);
  });

  it('is not taken over when it is gone: nothing is moved, and nothing is on record any more', async () => {
    const stage = new Stage();
    await stage.begin();
    stage.cluster.setReplicaCount(stage.volumeId, 1);
    await stage.run(() => stage.isOver() && stage.leavers.length === 0);
    stage.expectSound();
    expect(stage.status(ADOPTER)).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('asks for 1 replicas'),
    });
    expect(stage.pools).toEqual(['hot']);
  });

  it('is not taken over for removing the source by a policy that preserves: then both stay, on record', async () => {
    const stage = new Stage();
    await stage.begin({ plan: false });
    const preserving = { preservationMode: true, plan: { steps: ['Sync', 'Verify'], replicaCount: 1 } };
    stage.plan(ADOPTER, LENDER, preserving);
    await stage.run(stage.isSettled);
    stage.expectSound();
    expect(stage.status(ADOPTER)).toMatchObject({ phase: 'Completed', extraReplica: { pool: 'hot' } });
    expect(stage.pools).toEqual(['cold', 'hot']);
  });
});
