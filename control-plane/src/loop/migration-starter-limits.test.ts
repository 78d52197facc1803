import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, InvariantError } from '@couchestor/common/base';
import type { Decision } from '../model/decision.ts';
import { fact, move, moving, ofPolicy, StarterStage } from './migration-starter.fixture.ts';
import { migrationRecord } from './migrations.fixture.ts';

let stage: StarterStage;

beforeEach(() => {
  stage = new StarterStage();
});

afterEach(async () => {
  stage.stop.abort();
  await stage.running;
});

describe('limits', () => {
  const three = (): Decision[] => ['a', 'b', 'c'].map((name, benefit) => moving(name, { move: move({ benefit }) }));

  it('of a policy are counted again over what runs and what was just created, the greatest benefit first', async () => {
    stage.policy('gold', { maxConcurrentMigrations: 3 });
    stage.facts = [fact('id-z-1')];
    expect(await stage.offer(stage.starter(), stage.report(three()))).toEqual(['id-c-1', 'id-b-1']);
  });

  it('of the operator hold over all policies', async () => {
    stage.policy('silver');
    const decisions = [moving('a'), moving('b', ofPolicy('silver')), moving('c')];
    stage.facts = [fact('id-z-1', { policy: 'bronze' })];
    expect(await stage.offer(stage.starter({ maxConcurrentMigrations: 3 }), stage.report(decisions))).toEqual([
      'id-a-1',
      'id-b-1',
    ]);
  });

  it('of an hour hold too', async () => {
    expect(await stage.offer(stage.starter({ maxMigrationsPerHour: 2 }), stage.report(three()))).toHaveLength(2);
  });

  it('count what an earlier round has created until the cache shows it, and for no longer than it takes', async () => {
    const subject = stage.starter({ maxConcurrentMigrations: 2 });
    const tried: string[] = [];
    stage.migrations.before = (_verb, name) => void tried.push(name);
    expect(await stage.offer(subject, stage.report([moving('a')]))).toEqual(['id-a-1']);
    expect(await stage.offer(subject, stage.report([moving('a'), moving('b'), moving('c')]))).toEqual(['id-b-1']);
    expect(tried).toEqual(['id-a-1', 'id-b-1']);
    // The first is seen, and ends.
    stage.migrations.lagging = [migrationRecord('id-a-1')];
    stage.facts = [fact('id-a-1', { phase: 'Failed', completedAtMs: 1 })];
    expect(await stage.offer(subject, stage.report([moving('c')]))).toEqual(['id-c-1']);
    // The others are nowhere to be seen.
    await stage.clock.advance(60_001);
    stage.migrations.stored.clear();
    expect(await stage.offer(subject, stage.report([moving('d'), moving('e')]))).toHaveLength(2);
  });
});

describe('two leaders, and calls that fail', () => {
  it('create one migration, which both count', async () => {
    stage.policy('gold', { maxConcurrentMigrations: 1 });
    const told = stage.report([moving('a'), moving('b')]);
    expect(await stage.offer(stage.starter(), told)).toEqual(['id-a-1']);
    const first = stage.running;
    expect(await stage.offer(stage.starter(), told)).toEqual([]);
    expect([[...stage.migrations.stored.keys()], stage.counted]).toEqual([['id-a-1'], ['success']]);
    stage.stop.abort();
    await first;
  });

  it('try again in the next round under the same name when the answer is lost', async () => {
    stage.policy('gold', { maxConcurrentMigrations: 1 });
    const subject = stage.starter();
    stage.migrations.before = (verb) => {
      if (verb === 'create') throw new CoucheStorError('unavailable', 'Connection reset.');
    };
    expect(await stage.offer(subject, stage.report([moving('a'), moving('b')]))).toEqual([]);
    expect(stage.counted).toEqual(['failure']);
    stage.migrations.before = () => undefined;
    expect(await stage.offer(subject, stage.report([moving('a'), moving('b')]))).toEqual(['id-a-1']);
    expect(stage.counted).toEqual(['failure', 'success']);
  });

  it('count what was given up in the middle, which may have been created', async () => {
    stage.policy('gold', { maxConcurrentMigrations: 1 });
    stage.migrations.before = (_verb, name) => {
      if (name === 'id-a-1') throw new CoucheStorError('cancelled', 'Given up.');
    };
    expect(await stage.offer(stage.starter(), stage.report([moving('a'), moving('b')]))).toEqual([]);
  });

  it('count what was refused for good as not created', async () => {
    stage.policy('gold', { maxConcurrentMigrations: 1 });
    stage.migrations.before = (_verb, name) => {
      if (name === 'id-a-1') throw new CoucheStorError('invalid', 'The spec is invalid.');
    };
    expect(await stage.offer(stage.starter(), stage.report([moving('a'), moving('b')]))).toEqual(['id-b-1']);
    expect(stage.counted).toEqual(['failure', 'success']);
  });

  it('leave the API server alone after three failures in a round', async () => {
    let callCount = 0;
    stage.migrations.before = () => {
      callCount += 1;
      throw new CoucheStorError('forbidden', 'You may not.');
    };
    const subject = stage.starter();
    const decisions = Array.from({ length: 8 }, (_, index) => moving(`v${index}`));
    expect(await stage.offer(subject, stage.report(decisions))).toEqual([]);
    expect([callCount, stage.counted]).toEqual([3, ['failure', 'failure', 'failure']]);
  });

  it('give a call that does not end a deadline, and the latest round its turn', async () => {
    stage.migrations.before = () => new Promise(() => undefined);
    const subject = stage.starter();
    await stage.offer(subject, stage.report([moving('a')]));
    await stage.offer(subject, stage.report([moving('b')]));
    await stage.offer(subject, stage.report([moving('c')]));
    stage.migrations.before = () => undefined;
    await stage.clock.advance(15_000);
    expect([stage.migrations.created.map(({ metadata }) => metadata.name), stage.counted]).toEqual([
      ['id-c-1'],
      ['failure', 'success'],
    ]);
  });

  it('end with the leadership, and create nothing more', async () => {
    stage.migrations.before = () => new Promise(() => undefined);
    await stage.offer(stage.starter(), stage.report([moving('a'), moving('b')]));
    stage.stop.abort();
    await stage.clock.advance(0);
    await stage.running;
    expect([stage.migrations.created, stage.counted, stage.clock.pendingTimerCount]).toEqual([[], [], 0]);
  });

  it('hide no broken invariant', async () => {
    stage.migrations.before = () => {
      throw new InvariantError('This cannot be.');
    };
    const subject = stage.starter();
    const failed = expect(stage.running).rejects.toThrow('This cannot be.');
    await stage.offer(subject, stage.report([moving('a')]));
    await failed;
    stage.running = Promise.resolve();
  });
});
