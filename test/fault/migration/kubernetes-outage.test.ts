/**
 * The Kubernetes API fails for ten minutes, in every way, right after an intent was written: nothing is changed
 * in Mayastor meanwhile, because nobody could say whether the intent still stands. Afterwards the move goes on.
 */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrashLab, PATIENCE_MS, until, type Route } from './crash-lab.ts';
import type { OperatorProcess } from './operator-process.ts';

const ROUTE: Route = { pools: ['pool-cold-1', 'pool-hot-1'], target: 'pool-hot-2', node: 'hot-1' };
const SPEED = 20;
/** Longer than anything waits; at a pace at which it is over soon. */
const OUTAGE_MS = 600_000;
const OUTAGE_SPEED = 100;

/** Longer than the object may have been read before a call. */
const STOPPED_MS = 10_000 / SPEED;

const OUTAGES = [
  ['after write Adding Cordon', { kind: 'status', code: 503 }],
  ['after write Adding Add', { kind: 'reset' }],
  ['after write Removing Remove', { kind: 'drop' }],
  ['after setReplicaCount Removing', { kind: 'status', code: 500 }],
] as const;

let lab: CrashLab;
let operator: OperatorProcess;

beforeAll(async () => {
  lab = await CrashLab.start({ speed: SPEED });
  operator = lab.operator();
  await operator.begin();
}, PATIENCE_MS);
afterAll(() => lab.stop());
afterEach(() => expect(lab.leftovers()).toEqual([]));

it.each(OUTAGES)(
  'nothing is changed while Kubernetes fails %s; then the move goes on',
  async (mark, effect) => {
    const name = mark.toLowerCase().replaceAll(' ', '-');
    await operator.meet({ mark, since: undefined, signal: 'SIGSTOP' });
    const volumeId = lab.migrate(name, ROUTE);
    await until(
      () => `${mark} is reached: ${operator.output}`,
      () => operator.marks.at(-1) === mark,
    );
    await sleep(STOPPED_MS);
    lab.kube.faults.add({ effect });
    const changes = lab.countChanges();
    operator.signal('SIGCONT');
    await lab.setSpeed(OUTAGE_SPEED);
    await sleep(OUTAGE_MS / OUTAGE_SPEED);
    await lab.setSpeed(SPEED);
    expect(changes.count()).toBe(0);
    changes.stop();
    lab.kube.faults.clear();
    await until(
      () => `${JSON.stringify(lab.migration(name))} ${operator.output}`,
      () => lab.phase(name) === 'Completed',
    );
    expect(lab.poolsOf(volumeId)).toEqual(['pool-hot-1', 'pool-hot-2']);
    expect(lab.changesSince(name, volumeId)).toEqual({ added: 1, removed: 1 });
  },
  60_000,
);
