import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { PoolHealth, stateOf, type HealthCause, type PoolHealthReport } from './pool-health.ts';
import { systemFailure } from './system-failure.fixture.ts';

const STATE_OF = {
  noSpace: 'Degraded',
  tooManyOpenFiles: 'Degraded',
  diskErrors: 'Degraded',
  corruptShards: 'Degraded',
  fileSystemReadOnly: 'ReadOnly',
  withoutLock: 'ReadOnly',
  syncFailed: 'ReadOnly',
  fileSystemFailed: 'Faulted',
  manyDiskErrors: 'Faulted',
} as const satisfies Record<HealthCause, string>;

const CAUSES = Object.keys(STATE_OF) as HealthCause[];

describe('the health of a pool', () => {
  let clock: VirtualClock;
  let health: PoolHealth;
  let told: PoolHealthReport[];

  beforeEach(() => {
    clock = new VirtualClock();
    health = new PoolHealth('/pool', clock);
    told = [];
    health.onChange((report) => told.push(report));
  });

  const causes = (): HealthCause[] => health.reasons.map(({ cause }) => cause);
  const failToRead = (path: string): void => {
    health.noteError({ error: systemFailure('EIO'), operation: 'read', path });
  };
  const failToReadFiles = (count: number): void => {
    for (let file = 0; file < count; file += 1) failToRead(`volume/1-1/${file}.0.shard`);
  };

  it('is Online without a cause', () => {
    expect(health.report).toEqual({ state: 'Online', reasons: [] });
    expect(health.refusal()).toBeUndefined();
    expect(health.isWorthProbing).toBe(true);
  });

  it.each(Object.entries(STATE_OF))('%s makes it %s', (cause, state) => {
    health.note(cause as HealthCause, 'it happened');
    expect(health.state).toBe(state);
    expect(health.reasons).toMatchObject([{ cause, sinceMs: clock.now() }]);
    expect(health.reasons[0]?.detail).toMatch(/^it happened\. [A-Z].*\.$/);
  });

  it('is as bad as the worst cause, which is named first', () => {
    expect(stateOf([])).toBe('Online');
    expect(stateOf(['noSpace', 'corruptShards'])).toBe('Degraded');
    expect(stateOf(['noSpace', 'syncFailed', 'corruptShards'])).toBe('ReadOnly');
    expect(stateOf(CAUSES)).toBe('Faulted');
    for (const cause of ['noSpace', 'manyDiskErrors', 'syncFailed'] as const) health.note(cause, 'x');
    expect(causes()).toEqual(['manyDiskErrors', 'syncFailed', 'noSpace']);
  });

  it('refuses writes from ReadOnly on, for the worst cause, with its remedy', () => {
    for (const cause of ['noSpace', 'tooManyOpenFiles', 'diskErrors', 'corruptShards'] as const) {
      health.note(cause, 'x');
      expect(health.refusal()).toBeUndefined();
    }
    health.note('syncFailed', 'a sync has failed');
    expect(health.refusal()).toMatchObject({
      code: 'unavailable',
      retryable: false,
      message: expect.stringMatching(/^\/pool: the pool is ReadOnly and takes no writes: a sync has failed\. /),
      fields: { pool: '/pool', state: 'ReadOnly', cause: 'syncFailed', fault: 'takesNoWrites' },
    });
    health.note('fileSystemFailed', 'x');
    expect(health.refusal()).toMatchObject({ fields: { state: 'Faulted', cause: 'fileSystemFailed' } });
  });

  it('keeps what it was told first, and since when', async () => {
    const sinceMs = clock.now();
    health.note('noSpace', 'first');
    await clock.advance(5000);
    health.note('noSpace', 'second');
    expect(health.reasons).toMatchObject([{ sinceMs, detail: expect.stringContaining('first') }]);
    expect(told).toHaveLength(1);
  });

  it('tells each change, once, until nobody listens any more', () => {
    const more: PoolHealthReport[] = [];
    const end = health.onChange((report) => more.push(report));
    health.note('noSpace', 'x');
    health.noteOpened();
    health.noteWritten();
    end();
    health.note('syncFailed', 'x');
    expect(told.map(({ state }) => state)).toEqual(['Degraded', 'Online', 'ReadOnly']);
    expect(more.map(({ state }) => state)).toEqual(['Degraded', 'Online']);
  });

  it.each([
    ['noteWritten', ['noSpace']],
    ['noteOpened', ['tooManyOpenFiles']],
    ['noteProbed', ['noSpace', 'tooManyOpenFiles', 'fileSystemReadOnly']],
  ] as const)('%s ends %j and nothing else', (note, ended) => {
    for (const cause of CAUSES) health.note(cause, 'x');
    health[note]();
    const left = CAUSES.filter((cause) => !(ended as readonly string[]).includes(cause));
    expect(new Set(causes())).toEqual(new Set(left));
  });

  it('is not worth a probe where only opening it again helps', () => {
    for (const cause of CAUSES) {
      const one = new PoolHealth('/pool', clock);
      one.note(cause, 'x');
      const isLasting = ['withoutLock', 'syncFailed', 'fileSystemFailed'].includes(cause);
      expect([cause, one.isWorthProbing]).toEqual([cause, !isLasting]);
    }
  });

  it('is told nothing by an error that is none of the disk’s', () => {
    health.noteError({ error: systemFailure('ENOENT'), operation: 'open', path: 'volume' });
    expect(told).toEqual([]);
  });

  it('says in the words of the error what happened, with one remedy', () => {
    const error = systemFailure('EMFILE', { device: '/pool/volume', operation: 'open' });
    health.noteError({ error, operation: 'open', path: 'volume' });
    expect(health.reasons[0]?.detail).toBe(
      '/pool/volume: open: EMFILE: refused. Raise the limit of open files of the process (ulimit -n, LimitNOFILE).',
    );
  });

  it('says it with one remedy also where that of the error is another', () => {
    health.noteError({ error: systemFailure('ENOSPC'), operation: 'write', path: 'volume' });
    expect(health.reasons[0]?.detail).toBe(
      '/pool/file: write: ENOSPC: refused. Free space or inodes on the file system, or add a disk.',
    );
  });

  it('is Degraded by files that cannot be read, however often, and Faulted by many', () => {
    for (let time = 0; time < 100; time += 1) failToRead('volume/1-1/0.0.shard');
    failToReadFiles(15);
    expect(causes()).toEqual(['diskErrors']);
    failToReadFiles(16);
    expect(causes()).toEqual(['manyDiskErrors', 'diskErrors']);
    expect(told).toHaveLength(2);
  });

  it('counts corrupt shards, each once', () => {
    for (const path of ['a', 'b', 'a', 'b', 'b']) health.noteCorrupt(path);
    expect(told.map(({ reasons }) => reasons[0]?.detail.split('.')[0])).toEqual([
      '1 shard is corrupt',
      '2 shards are corrupt',
    ]);
  });

  it('remembers so many corrupt shards, and no more', () => {
    for (let shard = 0; shard < 3000; shard += 1) health.noteCorrupt(`volume/${shard}`);
    expect(health.reasons[0]?.detail).toMatch(/^1000 shards/);
  });

  it('is well again when a scrub has found everything well', () => {
    failToReadFiles(20);
    health.noteCorrupt('a');
    health.scrubBegins();
    expect(causes()).toEqual(['manyDiskErrors', 'diskErrors', 'corruptShards']);
    health.scrubbed({ corruptShards: 0, unreadableShards: 0 });
    expect(health.state).toBe('Online');
    failToReadFiles(15);
    expect(causes()).toEqual(['diskErrors']);
  });

  it('is told again of what a scrub has found well', () => {
    health.noteCorrupt('a');
    health.scrubBegins();
    health.scrubbed({ corruptShards: 0, unreadableShards: 0 });
    health.noteCorrupt('a');
    expect(causes()).toEqual(['corruptShards']);
  });

  it('keeps through a scrub what was met after it had looked', () => {
    health.noteCorrupt('before');
    health.scrubBegins();
    for (const path of ['before', 'while', 'after', 'volume/1-1/0.0.shard']) health.scrubLooksAt(path);
    health.noteCorrupt('after');
    failToRead('volume/1-1/0.0.shard');
    health.noteCorrupt('later');
    health.scrubLooksAt('later');
    health.scrubbed({ corruptShards: 0, unreadableShards: 0 });
    expect(health.reasons.map(({ detail }) => detail.split('.')[0])).toEqual([
      '1 shard is corrupt',
      '1 file could not be read or written',
    ]);
    health.scrubBegins();
    health.scrubbed({ corruptShards: 0, unreadableShards: 0 });
    expect(health.state).toBe('Online');
  });

  it('says since when something holds, however its numbers change', async () => {
    const sinceMs = clock.now();
    health.noteCorrupt('a');
    await clock.advance(5000);
    health.noteCorrupt('b');
    health.scrubbed({ corruptShards: 3, unreadableShards: 0 });
    expect(health.reasons).toMatchObject([{ sinceMs, detail: expect.stringContaining('3 shards') }]);
    health.scrubBegins();
    health.scrubbed({ corruptShards: 0, unreadableShards: 0 });
    health.noteCorrupt('a');
    expect(health.reasons).toMatchObject([{ sinceMs: sinceMs + 5000 }]);
  });

  it('is what a scrub has found', () => {
    failToReadFiles(20);
    health.noteCorrupt('a');
    health.scrubBegins();
    health.noteCorrupt('a');
    health.scrubbed({ corruptShards: 7, unreadableShards: 3 });
    expect(health.report).toMatchObject({
      state: 'Degraded',
      reasons: [{ cause: 'diskErrors' }, { cause: 'corruptShards' }],
    });
    expect(health.reasons[1]?.detail).toMatch(/^7 shards are corrupt/);
    expect(told.at(-2)?.state).toBe('Faulted');
    health.noteCorrupt('a');
    expect(health.reasons[1]?.detail).toMatch(/^7 shards are corrupt/);
    health.noteCorrupt('b');
    expect(health.reasons[1]?.detail).toMatch(/^8 shards are corrupt/);
    health.scrubBegins();
    health.scrubbed({ corruptShards: 0, unreadableShards: 16 });
    expect(health.report).toMatchObject({ state: 'Faulted' });
    expect(causes()).not.toContain('corruptShards');
  });

  it('lets no scrub end what only opening it again ends', () => {
    health.note('syncFailed', 'x');
    health.note('fileSystemFailed', 'x');
    health.scrubbed({ corruptShards: 0, unreadableShards: 0 });
    health.noteProbed();
    expect(causes()).toEqual(['fileSystemFailed', 'syncFailed']);
  });
});
