/** The commands on pools as a person or a script has them: processes, real folders, exit codes, pipes and terminals. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { requireMounts, requireTool } from '../../skips.ts';
import { AGENT, Disks, flip, mount, shardPath, unmount } from './disks.ts';

interface Listed {
  readonly path: string;
  readonly state: string;
  readonly shards?: number;
}

describe('couchestor-agent pool', () => {
  let disks: Disks;
  beforeAll(() => {
    disks = new Disks();
  });
  afterAll(() => disks.close());

  it('makes a pool, lists, checks and scrubs it', async () => {
    const folder = disks.folder('life');
    const dry = await disks.run('init', folder, '--node', 'node-a', '--tier', 'hot', '--dry-run');
    expect([dry.code, dry.out, readdirSync(folder)]).toEqual([
      ...[0, `${folder} would become a pool of node node-a, tier hot (dry run).\n`, []],
    ]);
    expect((await disks.run('init', folder, '--node', 'node-a', '--tier', 'hot')).code).toBe(0);
    await disks.put(folder, 3);
    const [listed, checked, scrubbed] = [
      await disks.run('ls', folder, '-o', 'json'),
      await disks.run('check', folder),
      await disks.run('scrub', folder),
    ];
    expect(JSON.parse(listed.out)).toMatchObject([{ path: folder, state: 'Online', tier: 'hot', shards: 3 }]);
    expect(checked).toEqual({ code: 0, out: '', err: `${folder}: 3 shards (420 KiB), no problem.\n` });
    expect(scrubbed).toEqual({
      ...{ code: 0, out: '' },
      err: 'Pass 1: 3 shards (420 KiB): 3 ok, 0 corrupt, 0 missing, 0 unreadable.\n',
    });
  }, 60_000);

  it('finds a damaged shard', async () => {
    const folder = await disks.pool('damaged', 3);
    flip(`${folder}/${shardPath(1)}`, 5000);
    flip(`${folder}/${shardPath(2)}`, 100);
    const [checked, scrubbed] = [await disks.run('check', folder), await disks.run('scrub', folder, '-o', 'json')];
    expect([checked.code, checked.out]).toEqual([1, expect.stringContaining(`${shardPath(2)}  corruptHeader`)]);
    expect(checked.out).not.toContain(shardPath(1));
    expect(scrubbed.code).toBe(1);
    expect(JSON.parse(scrubbed.out)).toMatchObject({ ok: 1, corrupt: 1, missing: 1 });
  }, 60_000);

  it('tells what is wrong with what it was given, and never a stack', async () => {
    const file = disks.path('file');
    writeFileSync(file, 'x');
    const none = disks.path('none');
    const outcomes = await Promise.all([
      disks.run(),
      disks.run('initt', none),
      disks.run('init', none, '--tier', 'tepid'),
      disks.run('scrub', none, '--bandwidth', 'fast'),
      disks.run('ls'),
      disks.run('init', none, '--node', 'n', '--tier', 'hot'),
      disks.run('init', file, '--node', 'n', '--tier', 'hot'),
      disks.run('ls', none, file, '/proc'),
      disks.run('check', file, '/proc'),
      disks.run('scrub', '/proc'),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
    for (const { err, out } of outcomes) expect(err + out).not.toMatch(/\n\s+at |Error:/);
    expect(outcomes[1]?.err).toContain('did you mean pool init?');
    expect(outcomes[2]?.err.match(/^error: /gm)).toHaveLength(2);
  }, 60_000);

  it('lets one process scrub a pool at a time, while others look; killed, it leaves the pool to the next', async () => {
    const folder = await disks.pool('shared', 12);
    const first = disks.start('scrub', folder, '--bandwidth', '64Ki');
    await lockedBy(folder);
    const [second, listed, checked, plan] = await Promise.all([
      disks.run('scrub', folder),
      disks.run('ls', folder, '-o', 'json'),
      disks.run('check', folder),
      disks.run('scrub', folder, '--dry-run'),
    ]);
    expect([second.code, second.err]).toEqual([
      ...[1, expect.stringMatching(/the pool is in use by process \d+ on .*, since .*Stop it first/)],
    ]);
    expect(JSON.parse(listed.out)).toMatchObject([{ isInUse: true, holder: { pid: first.pid }, shards: 12 }]);
    expect([checked.code, checked.out]).toEqual([0, '']);
    expect(plan.err).toContain(`could not now: the pool is in use by process ${first.pid}`);
    first.kill();
    await first.outcome();
    const next = await disks.run('scrub', folder);
    expect([next.code, next.err]).toEqual([0, expect.stringMatching(/Pass 1: 12 shards .*: 12 ok/)]);
  }, 60_000);

  it('makes one pool of a folder, whoever else tries', async () => {
    const folder = disks.folder('raced');
    const outcomes = await Promise.all(
      ['u-1', 'u-2', 'u-3', 'u-4'].map((uuid) =>
        disks.run('init', folder, '--node', 'node-a', '--tier', 'hot', '--uuid', uuid),
      ),
    );
    const made = outcomes.filter(({ code }) => code === 0);
    expect(outcomes.map(({ code }) => code).toSorted()).toEqual([0, 1, 1, 1]);
    const { out } = await disks.run('ls', folder, '-o', 'json');
    const [{ uuid = '' } = {}] = JSON.parse(out) as { uuid?: string }[];
    expect(made[0]?.out).toContain(`is pool ${uuid} of`);
  }, 60_000);

  it('stops a scrub at Ctrl-C, and goes on there', async () => {
    const folder = await disks.pool('stopped', 12);
    const scrub = disks.start('scrub', folder, '--bandwidth', '256Ki');
    await lockedBy(folder);
    scrub.interrupt();
    const { code, err } = await scrub.outcome();
    const done = Number(/^Pass 1: (\d+) of 12 shards/m.exec(err)?.[1]);
    expect({ code, isPart: done < 12, says: err.endsWith('Stopped; the next scrub goes on there.\n') }).toEqual({
      ...{ code: 130, isPart: true, says: true },
    });
    const rest = await disks.run('scrub', folder);
    expect([rest.code, rest.err]).toEqual([0, expect.stringMatching(/Pass 1: 12 shards .*: 12 ok/)]);
  }, 60_000);

  it('ends quietly when nobody reads on', async () => {
    const folder = await disks.pool('piped', 40);
    const { code, out, err } = await disks.shell(
      `set -o pipefail; $AGENT pool ls '${folder}' --shards -o json | head -n 2`,
    );
    expect({ code, lines: out.split('\n').length, err }).toEqual({ code: 0, lines: 3, err: '' });
    const cut = await disks.shell(`$AGENT pool ls '${folder}' --shards | cut -d' ' -f1 | sort | uniq -c`);
    expect(cut.out).toMatch(new RegExp(`\\b40 ${folder}\n`));
  }, 60_000);

  it('runs under its own name', async () => {
    const bin = disks.folder('bin');
    symlinkSync(AGENT, `${bin}/couchestor-agent`);
    const { code, out, err } = await disks.shell(`PATH='${bin}':"$PATH" couchestor-agent version`);
    expect({ code, out, err }).toEqual({ code: 0, out: 'couchestor-agent 1.0.0\n', err: '' });
  }, 60_000);

  /** Somebody holds it, and has said so. */
  async function lockedBy(folder: string): Promise<void> {
    for (let isInUse = false; !isInUse;) {
      const { out } = await disks.run('ls', folder, '-o', 'json');
      isInUse = (JSON.parse(out) as { holder?: object }[])[0]?.holder !== undefined;
    }
  }

  requireTool('script').describe('on a terminal', () => {
    it('draws a bar, and leaves none of it', async () => {
      const folder = await disks.pool('terminal', 12);
      const { code, out } = await disks.shell(
        `script --quiet --return --command "stty cols 160; $AGENT pool scrub '${folder}' --bandwidth 512Ki" /dev/null`,
      );
      const drawn = out.split('\r').map((line) => line.trim());
      expect(code).toBe(0);
      expect(
        drawn.filter((line) => /\[#+\.+\] {2}\d+% {2}\d+ shards?, [0-9.]+ [KM]iB/.test(line)).length,
      ).toBeGreaterThan(1);
      expect(drawn.filter((line) => line !== '').at(-1)).toMatch(/^Pass 1: 12 shards .*: 12 ok/);
    }, 60_000);

    it('shows the columns that fit', async () => {
      const folder = await disks.pool('narrow');
      const { out } = await disks.shell(
        `script --quiet --return --command "stty cols ${folder.length + 12}; $AGENT pool ls '${folder}'" /dev/null`,
      );
      // Before it stood a bar, where the machine was slow, that was wiped.
      const heading = out.split('\r\n')[0]?.split('\r').at(-1);
      expect(heading?.trim().split(/ +/)).toEqual(['POOL', 'STATE']);
    }, 60_000);
  });
});

requireMounts()('couchestor-agent pool on a file system of its own', () => {
  let disks: Disks;
  let disk: string;
  beforeAll(() => {
    disks = new Disks();
    disk = disks.folder('disk');
    mount('-t', 'tmpfs', '-o', 'size=8m', 'couchestor', disk);
  });
  afterAll(() => {
    unmount(disk);
    disks.close();
  });

  it('says when it is full, read-only, or not mounted', async () => {
    const made = await disks.run('init', disk, '--node', 'node-a', '--tier', 'cold');
    expect({ code: made.code, err: made.err }).toEqual({ code: 0, err: '' });
    await disks.put(disk, 2);
    const fill = `${disk}/.couchestor/incoming/fill.part`;
    await disks.shell(`head -c 16M /dev/zero > '${fill}' || true`);
    expect(await stateOf()).toBe('Degraded');
    const full = await disks.run('check', disk);
    expect([full.code, full.out]).toEqual([1, expect.stringContaining('noSpace')]);
    const scrubbed = await disks.run('scrub', disk);
    expect([scrubbed.code, scrubbed.err]).toEqual([0, expect.stringContaining('How far it is could not be kept: ')]);
    rmSync(fill);

    mount('-o', 'remount,ro', disk);
    expect(await stateOf()).toBe('ReadOnly');
    const readOnly = await disks.run('check', disk);
    expect([readOnly.code, readOnly.out]).toEqual([1, expect.stringContaining('fileSystemReadOnly')]);
    const readAnyway = await disks.run('scrub', disk);
    expect([readAnyway.code, readAnyway.err]).toEqual([0, expect.stringContaining('2 ok')]);

    unmount(disk);
    expect(await stateOf()).toBe('EmptyFolder');
    const gone = await disks.run('scrub', disk);
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('Mount the disk of the pool there')]);
    expect(existsSync(`${disk}/.couchestor`)).toBe(false);
    mount('-t', 'tmpfs', '-o', 'ro', 'couchestor', disk);
    for (const flags of [['--dry-run'], []]) {
      const { code, err } = await disks.run('init', disk, '--node', 'n', '--tier', 'hot', ...flags);
      expect([code, err]).toEqual([1, expect.stringContaining('makeFolder: EROFS: read-only file system')]);
    }
  }, 60_000);

  async function stateOf(): Promise<string | undefined> {
    const { out } = await disks.run('ls', disk, '-o', 'json');
    return (JSON.parse(out) as Listed[])[0]?.state;
  }
});
