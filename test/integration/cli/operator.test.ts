/** `kubectl couchestor` beside an operator that carries out what it is told. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Lab, type Migration } from '../control-plane/lab.ts';
import { eventually, type OperatorProcess } from '../control-plane/operator-process.ts';
import { CommandLine } from './command.ts';

const GIB = 1024 ** 3;
const MIGRATIONS = { group: 'storage.billyronks.io', resource: 'volumemigrations' };

describe('kubectl couchestor', () => {
  let lab: Lab;
  let cli: CommandLine;
  let operator: OperatorProcess;
  let moving: string;
  let doubled: string;

  beforeAll(async () => {
    lab = await Lab.start({ mayastor: { rebuildBytesPerSecond: 40 * GIB, stalenessMs: 200 } });
    cli = new CommandLine(lab.kubeconfig);
    lab.applyPolicy('gold');
    moving = lab.volume('data', 'pool-cold-1');
    move('moving', moving);
    doubled = lab.volume('more', 'pool-cold-1');
    // As a migration does it: what the volume's user asks for stays one replica.
    await fetch(`${lab.mayastorUrl}/v0/volumes/${doubled}/replica_count/2`, { method: 'PUT' });
    await eventually('it has two', () => replicas(doubled).filter(({ synced }) => synced).length === 2 || undefined);
    move('aborted', doubled);
    abort('aborted');
    operator = await lab.operator(['--settle-time=10m', '--sync-poll-interval-seconds=1']);
  }, 60_000);
  afterAll(async () => {
    cli.close();
    await lab.stop();
  });

  const replicas = (volumeId: string) =>
    lab.cluster.view().volumes.find((volume) => volume.volumeId === volumeId)?.replicas ?? [];
  const pools = (volumeId: string) =>
    replicas(volumeId)
      .map(({ pool }) => pool)
      .toSorted();
  const migration = (name: string): Migration => lab.migrations().find(({ metadata }) => metadata.name === name)!;

  function move(name: string, volumeId: string): void {
    const spec = {
      policyRef: { name: 'gold' },
      volumeId,
      source: { tier: 'Cold', pool: 'pool-cold-1', node: 'cold-1' },
      target: { tier: 'Hot', pool: 'pool-hot-2', node: 'hot-2' },
      plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 1 },
      reason: { code: 'Promote', message: 'Busy.' },
    };
    const metadata = { name, finalizers: ['storage.billyronks.io/migration'] };
    lab.kube.apply([{ apiVersion: 'storage.billyronks.io/v1', kind: 'VolumeMigration', metadata, spec }]);
  }

  /** As an operator before this one has left it. */
  function abort(name: string): void {
    const { replicaId, pool, node } = replicas(doubled).find((one) => one.pool !== 'pool-cold-1')!;
    const time = '2026-01-01T00:00:00Z';
    const replica = { replicaId, pool, node };
    const status = {
      phase: 'Aborted',
      message: 'The new replica was not in sync in time, and both copies stay.',
      newReplica: replica,
      extraReplica: { ...replica, recordedTime: time },
      startTime: time,
      phaseStartTime: time,
      completionTime: time,
    };
    lab.kube.store.put(MIGRATIONS, { ...lab.kube.store.get(MIGRATIONS, undefined, name)!, status });
  }

  it('has the extra replica of an aborted migration removed, and the volume keeps what it asks for', async () => {
    const { extraReplica } = migration('aborted').status ?? {};
    expect(pools(doubled)).toEqual(['pool-cold-1', extraReplica?.pool].toSorted());
    const { code, out, err } = await cli.run(['cancel', 'aborted', '--cleanup', '--wait', '--timeout', '50s']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^aborted has ended \(Aborted\); replica \S+ on pool \S+ \(node \S+\) goes as soon as the others are healthy; /,
    );
    expect(out).toMatch(/^aborted Aborted: The extra replica on pool \S+ is gone\.$/m);
    expect(pools(doubled)).toEqual(['pool-cold-1']);
    expect(migration('aborted').status?.extraReplica?.removedTime).toBeDefined();
    expect(lab.cluster.violations).toEqual([]);
    expect((await cli.run(['cancel', 'aborted', '--cleanup', '--wait'])).out).toMatch(
      /there is nothing to clean up\.$/m,
    );
  }, 60_000);

  it('stops a migration half-way, and has removed what it had added', async () => {
    await eventually('it is being verified', () => migration('moving').status?.phase === 'Verifying' || undefined);
    const { code, out, err } = await cli.run(['cancel', 'moving', '--cleanup', '--wait', '--timeout', '50s']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^moving is asked to stop \(Verifying\); its new replica \S+ on pool pool-hot-2 \(node hot-2\) goes /,
    );
    expect(migration('moving').status).toMatchObject({ phase: 'Cancelled', extraReplica: { pool: 'pool-hot-2' } });
    expect(pools(moving)).toEqual(['pool-cold-1']);
    expect(lab.cluster.violations).toEqual([]);
  }, 60_000);

  it('tells of a volume what the operator tells', async () => {
    const explain = (...args: string[]) => cli.run(['explain', ...args, '--operator-url', operator.urls.api]);
    const [byClaim, byName, other, unknown] = await Promise.all([
      explain('shop/data'),
      explain(`pvc-${moving}`, '-o', 'json'),
      explain(moving, '--policy', 'silver'),
      explain('shop/nothing'),
    ]);
    expect(byClaim).toMatchObject({ code: 0, err: '' });
    expect(byClaim.out).toMatch(
      /^Volume pvc-\S+ \(claim shop\/data\) [\s\S]*\nDecided \d+s ago by policy gold; it has been so since /,
    );
    expect(JSON.parse(byName.out)).toMatchObject({ decision: { volumeId: moving, policy: { name: 'gold' } } });
    expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/is decided about by policy gold, not silver/) });
    expect(unknown).toMatchObject({ code: 1, err: 'error: No policy watches a volume of the claim shop/nothing.\n' });
  }, 60_000);
});
