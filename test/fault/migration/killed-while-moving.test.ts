/** The process is killed at every marked boundary of a complete move; whoever comes next finishes it as if nothing had been. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { CrashLab, PATIENCE_MS, until, type Route } from './crash-lab.ts';
import { aroundEach, Succession } from './succession.ts';

/** Where both the new replica and the old one have to be steered. */
const ROUTE: Route = { pools: ['pool-cold-1', 'pool-hot-1'], target: 'pool-hot-2', node: 'hot-1' };

/** In their order. One with a pause behind it may be repeated, and is named once. */
const WRITES_AND_CALLS = [
  'write Pending',
  'write Adding',
  'takeLock Adding',
  'write Adding Cordon',
  'cordonPool Adding',
  'write Adding Add',
  'setReplicaCount Adding',
  'write Adding Uncordon',
  'uncordonPool Adding',
  'write Adding Uncordon',
  'releaseLock Adding',
  'write Syncing Uncordon',
  'write Verifying Uncordon',
  'write Removing Uncordon',
  'takeLock Removing',
  'write Removing Cordon',
  'cordonNode Removing',
  'write Removing Remove',
  'setReplicaCount Removing',
  'write Removing Uncordon',
  'uncordonNode Removing',
  'write Removing Uncordon',
  'releaseLock Removing',
  'write Completed',
];
const BOUNDARIES = aroundEach(WRITES_AND_CALLS);

let lab: CrashLab;
let operators: Succession;
let count = 0;

beforeAll(async () => {
  lab = await CrashLab.start();
  operators = await Succession.start(lab);
}, PATIENCE_MS);
afterAll(() => lab.stop());
afterEach(() => expect(lab.leftovers()).toEqual([]));

interface Move {
  readonly name: string;
  readonly begin: () => void;
  readonly isDone: () => Promise<unknown>;
  readonly expectMoved: () => void;
}

function move(): Move {
  count += 1;
  const name = `move-${count}`;
  let volumeId = '';
  return {
    name,
    begin: () => {
      volumeId = lab.migrate(name, ROUTE);
    },
    isDone: () =>
      until(
        () => `${JSON.stringify(lab.migration(name))} ${operators.acting.output}`,
        () => lab.phase(name) === 'Completed',
      ),
    expectMoved: () => {
      expect(lab.poolsOf(volumeId)).toEqual(['pool-hot-1', 'pool-hot-2']);
      expect(lab.changesSince(name, volumeId)).toEqual({ added: 1, removed: 1 });
      expect(lab.migration(name)?.status).not.toHaveProperty('extraReplica');
      expect(lab.migration(name)?.status).not.toHaveProperty('cordons');
      lab.forget(name, volumeId);
    },
  };
}

it(
  'a move passes these boundaries and no others',
  async () => {
    const { begin, isDone, expectMoved } = move();
    const marks = await operators.marksOf(async () => {
      begin();
      await isDone();
      await until(
        () => 'the last boundary is passed',
        () => operators.acting.marks.at(-1) === 'after write Completed',
      );
    });
    expectMoved();
    expect([...new Set(marks)].toSorted()).toEqual([...new Set(BOUNDARIES.map(([mark]) => mark))].toSorted());
  },
  PATIENCE_MS,
);

it.each(BOUNDARIES)(
  'a move goes on after a kill %s, %s',
  async (...boundary) => {
    const { begin, isDone, expectMoved } = move();
    await operators.killAt(boundary, begin);
    await isDone();
    expectMoved();
  },
  PATIENCE_MS,
);
