/** The process is killed at every marked boundary of what a cancellation and the cleanup after it take, beyond those of a move. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { CrashLab, PATIENCE_MS, until, type Route } from './crash-lab.ts';
import { aroundEach, Succession } from './succession.ts';

/** Where the extra replica has to be steered. */
const ROUTE: Route = { pools: ['pool-cold-1', 'pool-hot-1'], target: 'pool-hot-2', node: 'hot-2' };

const WRITES_AND_CALLS = [
  'write Cancelled',
  'takeLock Cancelled',
  'write Cancelled Cordon',
  'cordonNode Cancelled',
  'write Cancelled CleanUp',
  'setReplicaCount Cancelled',
  'write Cancelled Uncordon',
  'uncordonNode Cancelled',
  'write Cancelled Uncordon',
  'releaseLock Cancelled',
  'write Cancelled',
];
const BOUNDARIES = aroundEach(WRITES_AND_CALLS);

let lab: CrashLab;
let operators: Succession;
let count = 0;

beforeAll(async () => {
  lab = await CrashLab.start({ settleTime: '4s' });
  operators = await Succession.start(lab);
}, PATIENCE_MS);
afterAll(() => lab.stop());
afterEach(() => expect(lab.leftovers()).toEqual([]));

interface Move {
  readonly begin: () => void;
  readonly isDone: () => Promise<unknown>;
  readonly expectAsBefore: () => void;
}

/** Cancelled while it is filled or verified. */
function move(): Move {
  count += 1;
  const name = `move-${count}`;
  let volumeId = '';
  let cancelled: Promise<void> = Promise.resolve();
  return {
    begin: () => {
      volumeId = lab.migrate(name, ROUTE);
      cancelled = until(
        () => `${name} is filled`,
        () => /Syncing|Verifying/.test(lab.phase(name) ?? ''),
      ).then(() => lab.change(name, { cancel: true, cleanup: true }));
    },
    isDone: async () => {
      await cancelled;
      await until(
        () => `${JSON.stringify(lab.migration(name))} ${operators.acting.output}`,
        () => {
          const { extraReplica, cordons, intent } = lab.migration(name)?.status ?? {};
          return extraReplica?.removedTime !== undefined && cordons === undefined && intent === undefined;
        },
      );
    },
    expectAsBefore: () => {
      expect(lab.phase(name)).toBe('Cancelled');
      expect(lab.poolsOf(volumeId)).toEqual(['pool-cold-1', 'pool-hot-1']);
      expect(lab.changesSince(name, volumeId)).toEqual({ added: 0, removed: 0 });
      lab.forget(name, volumeId);
    },
  };
}

it(
  'a cancelled and cleaned up move passes these boundaries and no others',
  async () => {
    const { begin, isDone, expectAsBefore } = move();
    const marks = await operators.marksOf(() => {
      begin();
      return isDone();
    });
    expectAsBefore();
    const own = marks.filter((mark) => mark.includes('Cancelled'));
    expect([...new Set(own)].toSorted()).toEqual([...new Set(BOUNDARIES.map(([mark]) => mark))].toSorted());
  },
  PATIENCE_MS,
);

it.each(BOUNDARIES)(
  'a cancelled move is cleaned up after a kill %s, %s',
  async (...boundary) => {
    const { begin, isDone, expectAsBefore } = move();
    await operators.killAt(boundary, begin);
    await isDone();
    expectAsBefore();
  },
  PATIENCE_MS,
);
