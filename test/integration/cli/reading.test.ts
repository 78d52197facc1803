/** What `kubectl couchestor` tells, as the process that a person runs, on the sandbox Kubernetes API. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAIN } from './command.ts';
import { World } from './world.ts';

const EXTRA = { replicaId: 'r-new', pool: 'pool-hot-2', node: 'hot-2', recordedTime: '2026-01-01T00:00:00Z' };

describe('kubectl couchestor', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
    world.migration('v1-1', { status: { phase: 'Syncing', progressPercent: 42 } });
    world.migration('v1-2', { status: { phase: 'Aborted', extraReplica: EXTRA } });
    world.migration('v2-1', { spec: { policyRef: { name: 'silver' }, volumeId: 'v2' } });
    world.policy('gold', {
      lastReconcileTime: '2026-01-01T00:00:00Z',
      decisions: [
        {
          volumeId: 'v1',
          volumeName: 'pvc-v1',
          claim: { namespace: 'shop', name: 'data' },
          outcome: 'Blocked',
          code: 'HasSnapshots',
          from: 'Cold',
          to: 'Hot',
          message: 'Volume v1 cannot move: it has snapshots.',
          since: '2026-01-01T00:00:00Z',
        },
      ],
    });
  });
  afterAll(() => world.stop());

  const names = (out: string): string[] =>
    out
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/)[0]!.replace(/^.*\//, ''));

  it('lists migrations: those asked for, in every format, without a terminal and so with all columns', async () => {
    const { cli } = world;
    const [all, ofPolicy, ofVolume, inPhase, none, json, yaml] = await Promise.all([
      cli.run(['migrations']),
      cli.run(['migrations', '--policy', 'silver', '-o', 'name']),
      cli.run(['migrations', '--volume', 'v1', '-o', 'name']),
      cli.run(['migrations', '--phase', 'pending', '-o', 'name']),
      cli.run(['migrations', '--phase', 'Failed']),
      cli.run(['migrations', '--phase', 'Aborted', '-o', 'json']),
      cli.run(['migrations', '--phase', 'Aborted', '-o', 'yaml']),
    ]);
    expect(all).toMatchObject({ code: 0, err: '' });
    expect(names(all.out).toSorted()).toEqual(['NAME', 'v1-1', 'v1-2', 'v2-1']);
    expect(names(all.out).at(-1)).toBe('v1-2');
    expect(all.out).toMatch(
      /^v1-1 +v1 +shop\/data +Cold→Hot +pool-cold-1→pool-hot-2 +Syncing +42% +- +- +\d+s +Promote$/m,
    );
    expect(all.out).not.toContain('\u001b');
    expect(ofPolicy.out).toBe('volumemigration.storage.billyronks.io/v2-1\n');
    expect(names(ofVolume.out)).toEqual(['v1-1', 'v1-2']);
    expect(names(inPhase.out)).toEqual(['v2-1']);
    expect(none).toEqual({ code: 0, out: '', err: 'No migrations found that match.\n' });
    const list = JSON.parse(json.out) as { kind: string; items: { metadata: { name: string } }[] };
    expect([list.kind, ...list.items.map(({ metadata }) => metadata.name)]).toEqual(['List', 'v1-2']);
    expect(yaml.out).toMatch(/^kind: List$[\s\S]*^ +name: v1-2$/m);
  }, 60_000);

  it('watches: each change once, over a connection that broke, until Ctrl-C', async () => {
    world.migration('w1-1', { spec: { policyRef: { name: 'watched' } }, status: { phase: 'Pending' } });
    const broken = world.kube.faults.add({ match: { verb: 'watch' }, times: 1, effect: { kind: 'reset' } });
    const watching = world.cli.start(['migrations', '--policy', 'watched', '--watch']);
    await watching.says(/Trying again\./);
    world.setStatus('w1-1', { phase: 'Adding' });
    await watching.says(/ Adding [\s\S]*Connected again\./);
    world.setStatus('w1-1', { phase: 'Syncing', progressPercent: 7 });
    await watching.says(/Syncing +7%/);
    world.setStatus('v1-1', { phase: 'Syncing', progressPercent: 43 });
    world.delete('w1-1');
    await watching.says(/w1-1 was deleted\./);
    watching.interrupt();
    const { code, out } = await watching.outcome();
    expect([code, broken.hits]).toEqual([0, 1]);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(/ +/)[5]),
    ).toEqual(['PHASE', 'Pending', 'Adding', 'Syncing']);
  }, 60_000);

  it('says nothing when nobody reads on', async () => {
    const message = 'x'.repeat(1_000);
    for (let index = 0; index < 200; index += 1) {
      world.migration(`many-${index}`, { spec: { policyRef: { name: 'many' }, reason: { code: 'Demote', message } } });
    }
    const line = `'${process.execPath}' --no-warnings '${MAIN}' migrations -o json | head -n 1; echo "\${PIPESTATUS[0]}"`;
    expect(await world.cli.run([line], ['bash', '-c'])).toEqual({ code: 0, out: '{\n0\n', err: '' });
  }, 60_000);

  it('explains from the status of the policies, and says what it cannot find', async () => {
    const { cli } = world;
    const [byClaim, byName, unknown, noPolicy] = await Promise.all([
      cli.run(['explain', 'shop/data']),
      cli.run(['explain', 'pvc-v1', '--policy', 'gold', '-o', 'json']),
      cli.run(['explain', 'v9']),
      cli.run(['explain', 'v1', '--policy', 'bronze']),
    ]);
    expect(byClaim).toMatchObject({ code: 0, err: '' });
    expect(byClaim.out).toMatch(
      /^shop\/data \(v1\): Blocked, HasSnapshots, Cold→Hot\nVolume v1 cannot move: it has snapshots\.\n/,
    );
    expect(JSON.parse(byName.out)).toMatchObject({
      policy: 'gold',
      decision: { volumeId: 'v1', code: 'HasSnapshots' },
    });
    expect(unknown).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^error: No policy names a volume v9 /),
    });
    expect(noPolicy).toEqual({
      code: 1,
      out: '',
      err: 'error: flag --policy: there is no policy bronze; there are gold.\n',
    });
  }, 60_000);
});
