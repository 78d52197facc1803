/** What `kubectl couchestor` changes, and what it leaves alone, on the sandbox Kubernetes API without an operator. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requireTool } from '../../skips.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN } from './command.ts';
import { World } from './world.ts';

const EXTRA = { replicaId: 'r-new', pool: 'pool-hot-2', node: 'hot-2', recordedTime: '2026-01-01T00:00:00Z' };
const MANUAL = { approval: { mode: 'Manual' } };
const tool = requireTool('kubectl');

describe('kubectl couchestor', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  const specOf = (name: string) => world.get(name).spec;
  const versionOf = (name: string) => world.get(name).metadata.resourceVersion;

  it('cancel --cleanup says what goes, changes nothing in a dry run, then just what it said, and that once', async () => {
    world.migration('aborted', { status: { phase: 'Aborted', extraReplica: EXTRA } });
    const before = versionOf('aborted');
    const dry = await world.cli.run(['cancel', 'aborted', '--cleanup', '--dry-run']);
    expect(dry).toEqual({
      code: 0,
      out:
        'aborted has ended (Aborted); replica r-new on pool pool-hot-2 (node hot-2) would go as soon as the others are ' +
        'healthy; the volume keeps the 1 replica it asks for (dry run).\n',
      err: '',
    });
    expect(versionOf('aborted')).toBe(before);
    expect(await world.cli.run(['cancel', 'aborted'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('add --cleanup'),
    });
    expect(versionOf('aborted')).toBe(before);
    expect((await world.cli.run(['cancel', 'aborted', '--cleanup'])).code).toBe(0);
    expect(specOf('aborted')).toMatchObject({ cancel: false, cleanup: true });
    const after = versionOf('aborted');
    expect(await world.cli.run(['cancel', 'aborted', '--cleanup'])).toMatchObject({ code: 0, err: '' });
    expect(versionOf('aborted')).toBe(after);
  }, 60_000);

  it('changes all of several names or none, and knows them as migrations -o name prints them', async () => {
    world.migration('one', { spec: MANUAL, status: { phase: 'AwaitingApproval' } });
    world.migration('two', { spec: MANUAL, status: { phase: 'Pending' } });
    const refused = await world.cli.run(['approve', 'one', 'two', 'three']);
    expect(refused).toEqual({
      code: 1,
      out: '',
      err:
        'three does not exist; list what does with kubectl couchestor migrations.\n' +
        'two does not await approval: it is Pending, and the operator has not looked at it yet.\nNothing was changed.\n',
    });
    expect(specOf('one').approval.approved).toBe(false);
    world.setStatus('two', { phase: 'AwaitingApproval' });
    const done = await world.cli.run(['approve', 'volumemigration.storage.billyronks.io/one', 'two']);
    expect(done).toMatchObject({ code: 0, err: '' });
    expect([specOf('one').approval, specOf('two').approval]).toEqual(
      ['one', 'two'].map(() => ({ mode: 'Manual', approved: true, approvedBy: 'kubernetes-admin' })),
    );
    expect((await world.cli.run(['cancel', 'one', 'two', '--cleanup'])).code).toBe(0);
    expect(specOf('two')).toMatchObject({ cancel: true, cleanup: true });
  }, 60_000);

  it('decides again when somebody else was faster', async () => {
    world.migration('raced', { spec: MANUAL, status: { phase: 'AwaitingApproval' } });
    const slow = world.kube.faults.add({ match: { verb: 'patch' }, times: 1, effect: { kind: 'delay', ms: 500 } });
    const approving = world.cli.start(['approve', 'raced', '--by', 'anna']);
    while (slow.hits === 0) await sleep(10);
    world.setStatus('raced', { phase: 'Cancelled' });
    expect(await approving.outcome()).toEqual({
      code: 1,
      out: '',
      err: 'raced does not await approval: it is Cancelled, and it has ended.\n',
    });
    expect(specOf('raced').approval.approved).toBe(false);
    world.migration('crowded', { status: { phase: 'Syncing' } });
    const once = world.kube.faults.add({ match: { verb: 'patch' }, times: 1, effect: { kind: 'status', code: 409 } });
    expect(await world.cli.run(['cancel', 'crowded'])).toMatchObject({ code: 0 });
    expect([once.hits, specOf('crowded').cancel]).toEqual([1, true]);
    const always = world.kube.faults.add({ match: { verb: 'patch' }, effect: { kind: 'status', code: 409 } });
    expect(await world.cli.run(['cancel', 'crowded', '--cleanup'])).toEqual({
      code: 1,
      out: '',
      err: 'crowded was changed by others 5 times meanwhile, and not by this command. Try again.\n',
    });
    always.remove();
  }, 60_000);

  it('waits: no longer than it is told, and until Ctrl-C; what was asked for stays asked for', async () => {
    world.migration('slow', { status: { phase: 'Syncing', progressPercent: 42, message: 'It is filled.' } });
    const [timedOut, interrupted] = await Promise.all([
      world.cli.run(['cancel', 'slow', '--wait', '--timeout', '1s']),
      (async () => {
        const waiting = world.cli.start(['cancel', 'slow', '--wait']);
        await waiting.says(/^slow Syncing 42%: It is filled\.$/m);
        waiting.interrupt();
        return waiting.outcome();
      })(),
    ]);
    expect(timedOut).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^slow is not done after 1s: .* is it running\?$/m),
    });
    expect(interrupted).toMatchObject({
      code: 130,
      err: 'No longer waiting; what was asked for is still asked for.\n',
    });
    expect(specOf('slow').cancel).toBe(true);
  }, 60_000);

  tool.describe('as a plugin of kubectl', () => {
    it('is found, told its arguments, and heard', async () => {
      world.migration('plugged', {
        spec: { ...MANUAL, policyRef: { name: 'plugged' } },
        status: { phase: 'AwaitingApproval' },
      });
      symlinkSync(MAIN, join(world.cli.folder, 'kubectl-couchestor'));
      const kubectl = (...args: string[]) => world.cli.run(args, [tool.path]);
      const [listed, known, refused, invalid] = await Promise.all([
        kubectl('couchestor', 'migrations', '--policy', 'plugged', '-o', 'name'),
        kubectl('plugin', 'list'),
        kubectl('couchestor', 'cancel', 'nobody'),
        kubectl('couchestor', 'cancel', '--clenup', 'plugged'),
      ]);
      expect(listed).toEqual({ code: 0, out: 'volumemigration.storage.billyronks.io/plugged\n', err: '' });
      expect(known.out).toMatch(/\/kubectl-couchestor$/m);
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('nobody does not exist') });
      expect(invalid).toEqual({
        code: 2,
        out: '',
        err: 'error: flag --clenup: is not known; did you mean --cleanup?\nSee kubectl couchestor cancel --help.\n',
      });
      expect(specOf('plugged').cancel).toBe(false);
    }, 60_000);
  });
});
