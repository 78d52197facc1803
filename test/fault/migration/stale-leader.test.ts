/**
 * A leader that is paused at the worst moments, for so long that another one takes over: when it wakes up it changes nothing any
 * more and ends.
 */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { CrashLab, PATIENCE_MS, until, type Route } from './crash-lab.ts';
import { Succession } from './succession.ts';

const ROUTE: Route = { pools: ['pool-cold-1', 'pool-hot-1'], target: 'pool-hot-2', node: 'hot-1' };
const PAUSES = [
  'after takeLock Adding',
  'before cordonPool Adding',
  'before setReplicaCount Adding',
  'after write Removing Remove',
  'before setReplicaCount Removing',
];

let lab: CrashLab;
let operators: Succession;
let count = 0;

beforeAll(async () => {
  lab = await CrashLab.start({ speed: 2, leaderElect: true });
  operators = await Succession.start(lab);
}, PATIENCE_MS);
afterAll(() => lab.stop());
afterEach(() => expect(lab.leftovers()).toEqual([]));

function move(): { readonly name: string; readonly volumeId: string } {
  count += 1;
  const name = `move-${count}`;
  return { name, volumeId: lab.migrate(name, ROUTE) };
}

async function expectMoved({ name, volumeId }: ReturnType<typeof move>): Promise<void> {
  await until(
    () => `${JSON.stringify(lab.migration(name))} ${operators.acting.output}`,
    () => lab.phase(name) === 'Completed',
  );
  expect(lab.poolsOf(volumeId)).toEqual(['pool-hot-1', 'pool-hot-2']);
  expect(lab.changesSince(name, volumeId)).toEqual({ added: 1, removed: 1 });
}

it.each(PAUSES)(
  'a leader that was paused %s does nothing more once another one has finished',
  async (mark) => {
    const stale = operators.acting;
    await stale.meet({ mark, since: undefined, signal: 'SIGSTOP' });
    const begun = move();
    await until(
      () => `${mark} is reached: ${stale.output}`,
      () => stale.marks.at(-1) === mark,
    );
    await operators.takeOver();
    await expectMoved(begun);
    const changes = lab.countChanges();
    const status = lab.statusOf(begun.name);
    stale.signal('SIGCONT');
    expect(await stale.ended()).toBe(1);
    expect(changes.count()).toBe(0);
    changes.stop();
    expect(lab.statusOf(begun.name)).toBe(status);
  },
  40_000,
);
