/**
 * One migration of one volume, carried out by an operator process with the settings of production: how long each part of it
 * takes, and how soon another process goes on with it when the first was killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, type Migration } from '../test/integration/control-plane/lab.ts';
import { OperatorProcess } from '../test/integration/control-plane/operator-process.ts';
import { until } from './cluster-watch.ts';

export interface MoveTimes {
  /** From the creation of the object to its end. */
  readonly totalMs: number;
  /** Of the rebuild alone, as Mayastor's history has it. */
  readonly rebuildMs: number;
  /** From the creation to the beginning of the rebuild: checks, cordons, the new replica. */
  readonly addingMs: number;
  /** From the end of the rebuild to the operator's knowing of it. */
  readonly noticingMs: number;
  /** From then on until that is believed. */
  readonly settlingMs: number;
  /** From then on to the end: the old replica goes. */
  readonly removingMs: number;
}

export interface MoveStageOptions {
  readonly rebuildBytesPerSecond: number;
  /** How old answers of Mayastor may be. */
  readonly stalenessMs: number;
  /** Of the operator, which has its defaults of everything that takes time otherwise. */
  readonly flags: readonly string[];
}

export interface Recovery {
  readonly leadingMs: number;
  /** Until the status of the migration says something new. */
  readonly actingMs: number;
}

const NAME = 'move-1';

export class MoveStage {
  readonly #lab: Lab;
  readonly #program: string;
  readonly #flags: readonly string[];
  readonly #volumeId: string;

  private constructor(lab: Lab, program: string, flags: readonly string[]) {
    this.#lab = lab;
    this.#program = program;
    this.#flags = flags;
    this.#volumeId = lab.volume('data', 'pool-cold-1');
    lab.applyPolicy('gold');
  }

  /** A volume of 20 GiB. */
  static async start(program: string, { flags, ...mayastor }: MoveStageOptions): Promise<MoveStage> {
    return new MoveStage(await Lab.start({ mayastor }), program, flags);
  }

  async timeMove(): Promise<MoveTimes> {
    const operator = await this.#operator();
    await until('the operator leads', async () => (await operator.metric('storage_operator_leader')) === 1);
    const createdMs = Date.now();
    this.#create();
    const sinceMs: Record<string, number> = {};
    await until('the move ends', () => {
      const { phase } = this.#status();
      if (/^(Aborted|Failed|Cancelled)$/.test(phase)) throw new Error(`the migration ended as ${phase}`);
      sinceMs[phase] ??= Date.now();
      return phase === 'Completed';
    });
    await operator.kill();
    const rebuild = await this.#rebuild();
    const { Verifying = 0, Removing = 0, Completed = 0 } = sinceMs;
    return {
      totalMs: Completed - createdMs,
      rebuildMs: rebuild.endMs - rebuild.startMs,
      addingMs: rebuild.startMs - createdMs,
      noticingMs: Verifying - rebuild.endMs,
      settlingMs: Removing - Verifying,
      removingMs: Completed - Removing,
    };
  }

  /** The process is killed while the replica is rebuilt, and started again at once, so many times. */
  async timeRecoveries(times: number): Promise<readonly Recovery[]> {
    let operator = await this.#operator();
    this.#create();
    await until('the replica is rebuilt', () => this.#status().phase === 'Syncing');
    const recoveries: Recovery[] = [];
    while (recoveries.length < times) {
      // The lease was renewed at any moment before.
      await sleep(1_000 + Math.random() * 2_000);
      await operator.kill();
      const killedMs = performance.now();
      const before = JSON.stringify(this.#status());
      operator = await this.#operator();
      await until('it leads', async () => (await operator.metric('storage_operator_leader')) === 1);
      const leadingMs = performance.now() - killedMs;
      await until('it acts', () => JSON.stringify(this.#status()) !== before);
      recoveries.push({ leadingMs, actingMs: performance.now() - killedMs });
    }
    return recoveries;
  }

  stop(): Promise<void> {
    return this.#lab.stop();
  }

  #operator(): Promise<OperatorProcess> {
    // The laboratory is in more of a hurry than production.
    const systems = this.#lab.arguments().filter((argument) => !argument.includes('interval'));
    return OperatorProcess.start([...systems, ...this.#flags], {}, this.#program);
  }

  #create(): void {
    this.#lab.kube.apply([
      {
        apiVersion: 'storage.billyronks.io/v1',
        kind: 'VolumeMigration',
        metadata: { name: NAME, finalizers: ['storage.billyronks.io/migration'] },
        spec: {
          policyRef: { name: 'gold' },
          volumeId: this.#volumeId,
          source: { tier: 'Cold', pool: 'pool-cold-1', node: 'cold-1' },
          target: { tier: 'Hot', pool: 'pool-hot-2', node: 'hot-2' },
          plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 1 },
          reason: { code: 'Promote', message: 'Busy.' },
        },
      },
    ]);
  }

  #status(): NonNullable<Migration['status']> {
    return this.#lab.migrations().find(({ metadata }) => metadata.name === NAME)?.status ?? { phase: 'None' };
  }

  async #rebuild(): Promise<{ startMs: number; endMs: number }> {
    const response = await fetch(`${this.#lab.mayastorUrl}/v0/volumes/${this.#volumeId}/rebuild-history`);
    const { records } = (await response.json()) as { records: { startTime: string; endTime: string }[] };
    const record = records.at(-1);
    if (record === undefined) throw new Error('Mayastor has no record of a rebuild');
    return { startMs: Date.parse(record.startTime), endMs: Date.parse(record.endTime) };
  }
}
