import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, InvariantError, nullLogger, type Logger } from '@couchestor/common/base';
import type { StorageFacts } from '../model/cluster-snapshot.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import { NO_STORAGE } from '../model/storage.fixture.ts';
import { PlanningStage, policyRecord } from './planning.fixture.ts';
import { PlanningRound } from './planning-round.ts';

let stage: PlanningStage;
let stop: AbortController;
let reports: PlanningReport[];
let lines: string[];
let outdated: number[];
let round: PlanningRound;

beforeEach(() => {
  stage = new PlanningStage();
  stop = new AbortController();
  reports = [];
  lines = [];
  outdated = [];
  const log = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { ...nullLogger, info: log, warn: log, error: log };
  round = new PlanningRound({
    parts: stage.parts(),
    intervalMs: 60_000,
    onReport: (report) => void reports.push(report),
    onOutdated: (restMs) => void outdated.push(restMs),
    logger,
    signal: stop.signal,
  });
});

afterEach(async () => {
  stop.abort();
  await stage.clock.advance(0);
  expect(stage.clock.pendingTimerCount).toBe(0);
});

const report = (need?: { uid: string; generation: number }) => round.report(need, stop.signal);
const edit = (generation: number): void => {
  stage.policies = { kind: 'ok', policies: [policyRecord('gold', {}, generation)] };
};

describe('PlanningRound', () => {
  it('is one round for all who ask at the same time, and for all who ask while it is young', async () => {
    const asked = await Promise.all([report(), report(), report({ uid: 'uid-gold', generation: 1 })]);
    expect(new Set(asked).size).toBe(1);
    await stage.clock.advance(59_999);
    expect(await report()).toBe(asked[0]);
    await stage.clock.advance(1);
    expect((await report()).sequence).toBe(2);
    expect([stage.observations, reports.length]).toEqual([2, 2]);
  });

  it('plans again at once for a policy that was edited since', async () => {
    await report();
    edit(2);
    expect((await report({ uid: 'uid-gold', generation: 1 })).sequence).toBe(1);
    expect((await report({ uid: 'uid-gold', generation: 2 })).sequence).toBe(2);
  });

  it('does not hand the round under way to a policy that was edited after it began', async () => {
    const answer = Promise.withResolvers<StorageFacts>();
    stage.observe = () => answer.promise;
    const early = report();
    await stage.clock.advance(0);
    edit(2);
    const late = [1, 2].map(() => report({ uid: 'uid-gold', generation: 2 }));
    answer.resolve(NO_STORAGE);
    expect((await early).sequence).toBe(1);
    expect((await Promise.all(late)).map(({ sequence }) => sequence)).toEqual([2, 2]);
  });

  it('plans at a bounded rate, however often policies are edited', async () => {
    for (let generation = 2; generation <= 4; generation += 1) {
      edit(generation);
      await report({ uid: 'uid-gold', generation });
    }
    edit(5);
    const waiting = report({ uid: 'uid-gold', generation: 5 });
    await stage.clock.advance(1_999);
    expect(stage.observations).toBe(3);
    await stage.clock.advance(1);
    expect((await waiting).sequence).toBe(4);
  });

  it('answers once, and does not plan for ever, when no cache knows the policy', async () => {
    stage.policies = { kind: 'refused', message: 'unsynced' };
    expect(await report({ uid: 'uid-gold', generation: 1 })).toMatchObject({ kubernetes: { healthy: false } });
    expect(stage.observations).toBe(1);
  });

  it('plans at every interval while it runs, and goes on after a failure', async () => {
    let beats = 0;
    const running = round.run(() => (beats += 1), stop.signal);
    await stage.clock.advance(0);
    stage.observe = () => Promise.reject(new CoucheStorError('timeout', 'x'));
    await stage.clock.advance(60_000);
    stage.observe = () => Promise.resolve(NO_STORAGE);
    // What was missing is asked for again sooner.
    await stage.clock.advance(5_000);
    expect(reports.map(({ storage }) => storage.healthy)).toEqual([true, false, true]);
    expect(beats).toBe(3);
    expect(lines).toEqual([
      expect.stringMatching(/^A dependency is not ready\. .*"dependency":"storage","reason":"Timeout"/),
      expect.stringMatching(/^A dependency is ready again\. .*storage/),
    ]);
    stop.abort();
    await stage.clock.advance(0);
    await running;
  });

  it('plans again soon when something has changed, once however much has', async () => {
    const running = round.run(() => undefined, stop.signal);
    await stage.clock.advance(2_000);
    for (let count = 0; count < 10; count += 1) round.noteChange();
    expect(outdated).toEqual([3_000]);
    await stage.clock.advance(2_999);
    expect(stage.observations).toBe(1);
    await stage.clock.advance(1);
    expect(stage.observations).toBe(2);
    await stage.clock.advance(59_999);
    expect(stage.observations).toBe(2);
    round.noteChange();
    await stage.clock.advance(0);
    expect(stage.observations).toBe(3);
    stop.abort();
    await stage.clock.advance(0);
    await running;
  });

  it('replaces a round soon that something changed during', async () => {
    const answer = Promise.withResolvers<StorageFacts>();
    stage.observe = () => answer.promise;
    const early = report();
    await stage.clock.advance(1_000);
    round.noteChange();
    answer.resolve(NO_STORAGE);
    expect((await early).sequence).toBe(1);
    expect(round.restMs).toBe(4_000);
    await stage.clock.advance(4_000);
    expect((await report()).sequence).toBe(2);
    expect(round.restMs).toBe(60_000);
  });

  it('outlives a decision that fails, and does not survive a broken invariant', async () => {
    let thrown: Error = new Error('a bug');
    round = new PlanningRound({
      parts: stage.parts({
        decide: () => {
          throw thrown;
        },
      }),
      intervalMs: 60_000,
      onReport: () => undefined,
      onOutdated: () => undefined,
      logger: { ...nullLogger, error: (message) => void lines.push(message) },
      signal: stop.signal,
    });
    const running = round.run(() => undefined, stop.signal);
    await stage.clock.advance(0);
    expect(lines).toEqual(['A round of planning failed.']);
    thrown = new InvariantError('another bug');
    const ended = expect(running).rejects.toBe(thrown);
    await stage.clock.advance(60_000);
    await ended;
  });

  it('lets who is stopped go, and the others have the round', async () => {
    const answer = Promise.withResolvers<StorageFacts>();
    stage.observe = () => answer.promise;
    const impatient = new AbortController();
    const left = expect(round.report(undefined, impatient.signal)).rejects.toMatchObject({ code: 'cancelled' });
    const stayed = report();
    impatient.abort();
    await left;
    answer.resolve(NO_STORAGE);
    expect((await stayed).sequence).toBe(1);
  });
});
