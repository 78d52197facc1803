/**
 * What goes wrong when something is changed in Mayastor: every change is sent once, whatever becomes of it; it is never called
 * refused when it was made, nor done when it was not; and asking again, once all is well, brings what was asked for.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError, type VolumeId } from '@couchestor/common/base';
import type { FaultEffect } from '@couchestor/sandbox/mayastor';
import { MoverLaboratory, nodeOf, poolOf } from '../../contract/mayastor/mover-laboratory.ts';

const LABEL = 'storage.billyronks.io/migration-1';

interface Step {
  /** Brings the opposite about, so that there is something to ask for. */
  readonly undo: () => Promise<void>;
  readonly ask: (signal?: AbortSignal) => Promise<void>;
  readonly isMade: () => boolean;
  readonly method: 'PUT' | 'DELETE';
  readonly path: RegExp;
}

let lab: MoverLaboratory;
let volumeId: VolumeId;

beforeEach(async () => {
  lab = await MoverLaboratory.start('2.10');
  volumeId = lab.addVolume();
});

afterEach(async () => {
  await lab.stop();
  expect(lab.clock.pendingTimerCount).toBe(0);
});

const steps = {
  'a cordon of a node': {
    undo: () => lab.mover.uncordonNode(nodeOf('c'), LABEL, lab.signal),
    ask: (signal = lab.signal) => lab.mover.cordonNode(nodeOf('c'), LABEL, signal),
    isMade: () => lab.cordonsOf('c').includes(LABEL),
    method: 'PUT',
    path: /nodes/,
  },
  'a cordon of a node that is lifted': {
    undo: () => lab.mover.cordonNode(nodeOf('c'), LABEL, lab.signal),
    ask: (signal = lab.signal) => lab.mover.uncordonNode(nodeOf('c'), LABEL, signal),
    isMade: () => !lab.cordonsOf('c').includes(LABEL),
    method: 'DELETE',
    path: /nodes/,
  },
  'a cordon of a pool': {
    undo: () => lab.mover.uncordonPool(poolOf('c'), lab.signal),
    ask: (signal = lab.signal) => lab.mover.cordonPool(poolOf('c'), signal),
    isMade: () => lab.poolCordonOf('c')?.replicas === true,
    method: 'PUT',
    path: /pools/,
  },
  'a cordon of a pool that is lifted': {
    undo: () => lab.mover.cordonPool(poolOf('c'), lab.signal),
    ask: (signal = lab.signal) => lab.mover.uncordonPool(poolOf('c'), signal),
    isMade: () => lab.poolCordonOf('c')?.replicas !== true,
    method: 'DELETE',
    path: /pools/,
  },
  'one replica more': {
    undo: () => lab.mover.setReplicaCount(volumeId, 2, lab.signal),
    ask: (signal = lab.signal) => lab.mover.setReplicaCount(volumeId, 3, signal),
    isMade: () => lab.truth(volumeId).count === 3 && lab.truth(volumeId).pools.length === 3,
    method: 'PUT',
    path: /replica_count/,
  },
  'one replica less': {
    undo: () => lab.mover.setReplicaCount(volumeId, 3, lab.signal),
    ask: (signal = lab.signal) => lab.mover.setReplicaCount(volumeId, 2, signal),
    isMade: () => lab.truth(volumeId).count === 2 && lab.truth(volumeId).pools.length === 2,
    method: 'PUT',
    path: /replica_count/,
  },
} satisfies Record<string, Step>;

/** Each beside its opposite. */
const named = Object.entries(steps) as readonly (readonly [string, Step])[];
const status = (code: number, text?: string): FaultEffect => ({
  kind: 'status',
  code,
  ...(text === undefined ? {} : { text }),
});
const saying = (code: number, kind: string): FaultEffect =>
  status(code, JSON.stringify({ kind, message: 'an injected fault', details: '' }));

/** Of Mayastor's table; those that say for certain that nothing was begun. */
const refusals: readonly (readonly [string, FaultEffect])[] = [400, 401, 404, 406, 409, 412, 422, 507].map((code) => [
  String(code),
  status(code),
]);
const doubts: readonly (readonly [string, FaultEffect])[] = [
  ['a reset', { kind: 'reset' }],
  ['silence', { kind: 'hang' }],
  ['garbage', { kind: 'garbage' }],
  ['408', status(408)],
  ['416', saying(416, 'OutOfRange')],
  ['500', status(500)],
  ['501', status(501)],
  ['503', status(503)],
  ['503 Aborted', saying(503, 'Aborted')],
  ['504', status(504)],
  ['507 FailedPersist', saying(507, 'FailedPersist')],
  ...[302, 400, 401, 403, 404, 409, 412, 429, 502, 504, 507].map(
    (code) => [`${code} of a proxy`, status(code, '<html>no</html>')] as const,
  ),
];

const refusedOf = (error: unknown): unknown =>
  error instanceof CoucheStorError ? error.fields.refused : 'no error of ours';

describe.each(named)('%s', (_, step) => {
  beforeEach(() => step.undo());

  async function askUnder(when: 'before' | 'after', effect: FaultEffect) {
    const { method, path } = step;
    const fault = lab.cluster.faults.add({ match: { method, path }, when, effect });
    const outcome = await lab.outcomeOf(step.ask());
    expect(fault.hits).toBe(1);
    fault.remove();
    return outcome;
  }

  afterEach(async () => {
    lab.cluster.faults.clear();
    await step.ask();
    expect(step.isMade()).toBe(true);
  });

  it.each(doubts)('that gets %s before its effect is an error that leaves it open', async (__, effect) => {
    const outcome = await askUnder('before', effect);
    expect(step.isMade()).toBe(false);
    expect(outcome).toMatchObject({ kind: 'failed', error: expect.any(CoucheStorError) });
    expect(outcome.kind === 'failed' && refusedOf(outcome.error)).toBe(undefined);
  });

  it.each([...doubts, ['half an answer', { kind: 'truncated' } as const] as const])(
    'that gets %s after its effect is an error that leaves it open',
    async (__, effect) => {
      const outcome = await askUnder('after', effect);
      expect(step.isMade()).toBe(true);
      expect(outcome.kind === 'failed' && refusedOf(outcome.error)).toBe(undefined);
    },
  );

  it.each(refusals)('that gets %s before its effect is refused', async (__, effect) => {
    const outcome = await askUnder('before', effect);
    expect(step.isMade()).toBe(false);
    expect(outcome).toMatchObject({ kind: 'failed', error: { fields: { refused: true } } });
  });

  it.each(refusals)('that gets %s after its effect is seen to be made', async (__, effect) => {
    expect(await askUnder('after', effect)).toEqual({ kind: 'done', value: undefined });
    expect(step.isMade()).toBe(true);
  });

  it.each(refusals)('that gets %s is not called refused when nothing can be seen', async (__, effect) => {
    for (const when of ['before', 'after'] as const) {
      lab.cluster.faults.add({ match: { method: 'GET' }, effect: when === 'before' ? status(503) : { kind: 'hang' } });
      const outcome = await askUnder(when, effect);
      lab.cluster.faults.clear();
      expect(outcome.kind === 'failed' && refusedOf(outcome.error)).toBe(undefined);
      if (when === 'before') await step.undo();
    }
  });

  it('that takes effect long after its deadline is an error that leaves it open, and asking meanwhile is harmless', async () => {
    const { method, path } = step;
    lab.cluster.faults.add({ match: { method, path }, times: 1, effect: { kind: 'delay', ms: 30_000 } });
    const outcome = await lab.outcomeOf(step.ask());
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'timeout' } });
    expect(outcome.kind === 'failed' && refusedOf(outcome.error)).toBe(undefined);
    expect(step.isMade()).toBe(false);
    await step.ask();
    expect(step.isMade()).toBe(true);
    await lab.clock.advance(30_000);
    expect(step.isMade()).toBe(true);
  });

  it('that nobody waits for any more is an error that leaves it open', async () => {
    const { method, path } = step;
    const caller = new AbortController();
    lab.cluster.faults.add({ match: { method, path }, when: 'after', times: 1, effect: { kind: 'hang' } });
    const asked = step.ask(caller.signal).catch((error: unknown) => error);
    while (!step.isMade()) await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    expect(await asked).toMatchObject({ code: 'cancelled' });
    expect(refusedOf(await asked)).toBe(undefined);
  });
});

it('a server that is gone refuses nothing', async () => {
  await lab.server.stop();
  for (const [, step] of named) {
    const outcome = await lab.outcomeOf(step.ask());
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'unavailable', retryable: true } });
    expect(outcome.kind === 'failed' && refusedOf(outcome.error)).toBe(undefined);
  }
});

it('whatever goes wrong, wherever and however often, what is done was made and what is refused was not', async () => {
  const opposites = [named.slice(0, 2), named.slice(2, 4), named.slice(4, 6)];
  const all = [...refusals, ...doubts];
  // Nobody can see through a Mayastor that says of a volume that it is not there.
  const ofReads = all.filter(([name]) => name !== '404');
  const rule = { nth: fc.integer({ min: 1, max: 4 }), times: fc.integer({ min: 1, max: 3 }) };
  const when = fc.constantFrom('before' as const, 'after' as const);
  const fault = fc.oneof(
    ...['PUT', 'DELETE'].map((method) =>
      fc.record({ ...rule, when, match: fc.constant({ method }), effect: fc.constantFrom(...all).map(([, it]) => it) }),
    ),
    fc.record({
      ...rule,
      when,
      match: fc.constant({ method: 'GET' }),
      effect: fc.constantFrom(...ofReads).map(([, it]) => it),
    }),
  );
  const seen = { done: 0, refused: 0, open: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 5 }),
      fc.array(fc.record({ pair: fc.constantFrom(...opposites), again: fc.boolean() }), { minLength: 1, maxLength: 6 }),
      async (faults, choices) => {
        lab.cluster.faults.clear();
        for (const one of faults) lab.cluster.faults.add(one);
        for (const { pair, again } of choices) {
          const step = pair.map(([, one]) => one).find((one) => one.isMade() === again);
          const outcome = await lab.outcomeOf(step?.ask() ?? Promise.resolve());
          const refused = outcome.kind === 'failed' ? refusedOf(outcome.error) : undefined;
          if (outcome.kind === 'done') expect(step?.isMade()).toBe(true);
          else if (refused === true) expect(step?.isMade()).toBe(false);
          else expect(refused).toBe(undefined);
          seen[outcome.kind === 'done' ? 'done' : refused === true ? 'refused' : 'open'] += 1;
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
});
