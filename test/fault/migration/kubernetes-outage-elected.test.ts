/**
 * The Kubernetes API fails for ten minutes at every step of a move: the leader ends, what is started in its place waits, and nothing
 * is changed in Mayastor once the lease has run out. Afterwards the move goes on. All steps at once: they mostly wait.
 */
import { expect, it } from '@jest/globals';
import { CrashLab, PATIENCE_MS, until, type Route } from './crash-lab.ts';
import { Kubelet } from './kubelet.ts';

const ROUTE: Route = { pools: ['pool-cold-1', 'pool-hot-1'], target: 'pool-hot-2', node: 'hot-1' };
/** At which a lease is renewed in time on a machine that has other things to do. */
const SPEED = 2;
/** Once nobody leads, at which ten minutes are over soon. */
const OUTAGE_SPEED = 40;
const OUTAGE_MS = 600_000;
/** A renewal is tried for 4 s, and a lease is good for 6 s. */
const LEADING_MS = 10_000;
const PATIENCE_WITH_END_MS = 20_000;

type Failure = 'answers 500' | 'refuses connections' | 'never answers';

const STEPS: readonly (readonly [step: string, mark: string, failure: Failure])[] = [
  // With cordons that stand all the while.
  ['Add', 'after cordonPool Adding', 'refuses connections'],
  ['Sync', 'after write Syncing Uncordon', 'never answers'],
  ['Verify', 'after write Verifying Uncordon', 'refuses connections'],
  ['Remove', 'after write Removing Remove', 'answers 500'],
  ['CleanUp', 'after write Cancelled CleanUp', 'never answers'],
];

async function fail(lab: CrashLab, failure: Failure): Promise<void> {
  if (failure === 'refuses connections') await lab.proxy?.refuse();
  else lab.kube.faults.add({ effect: failure === 'never answers' ? { kind: 'drop' } : { kind: 'status', code: 500 } });
}

async function mend(lab: CrashLab, failure: Failure): Promise<void> {
  lab.kube.faults.clear();
  if (failure === 'refuses connections') await lab.proxy?.accept();
}

/** Of the clock that all share. */
async function pass(lab: CrashLab, sinceMs: number, ms: number): Promise<void> {
  await lab.clock.sleep(Math.max(sinceMs + ms - lab.clock.monotonic(), 0));
}

async function outlive([step, mark, failure]: (typeof STEPS)[number]): Promise<object> {
  const lab = await CrashLab.start({ speed: SPEED, leaderElect: true, behindProxy: true, settleTime: '4s' });
  const kubelet = new Kubelet(lab);
  try {
    const leader = lab.operator();
    const next = lab.operator();
    await leader.begin();
    await leader.meet({ mark, since: undefined, signal: 'SIGSTOP' });
    const volumeId = lab.migrate('move', ROUTE);
    const isCleanUp = step === 'CleanUp';
    if (isCleanUp) {
      await until(
        () => `${step}: it is filled: ${leader.output}`,
        () => /Syncing|Verifying/.test(lab.phase('move') ?? ''),
      );
      await lab.change('move', { cancel: true, cleanup: true });
    }
    await until(
      () => `${step}: ${mark} is reached: ${leader.output}`,
      () => leader.marks.at(-1) === mark,
    );
    const failedMs = lab.clock.monotonic();
    await fail(lab, failure);
    leader.signal('SIGCONT');
    const timer = AbortSignal.timeout(PATIENCE_WITH_END_MS);
    const tooLate = new Promise((resolve) => timer.addEventListener('abort', () => resolve('leads on')));
    const end = await Promise.race([leader.ended(), tooLate]);
    await kubelet.start(next);
    await pass(lab, failedMs, LEADING_MS);
    const changes = lab.countChanges();
    const statusBefore = lab.statusOf('move');
    await lab.setSpeed(OUTAGE_SPEED);
    await pass(lab, failedMs, OUTAGE_MS);
    const meanwhile = {
      changes: changes.count(),
      isSame: lab.statusOf('move') === statusBefore,
      restarts: kubelet.restarts,
    };
    changes.stop();
    await lab.setSpeed(SPEED);
    await mend(lab, failure);
    await until(
      () => `${step}: ${JSON.stringify(lab.migration('move'))} ${kubelet.current?.output.slice(-2_000) ?? ''}`,
      () => (isCleanUp ? isCleanedUp(lab) : lab.phase('move') === 'Completed'),
    );
    await until(
      () => `${step}: the lock is given back: ${lab.leftovers().join()}`,
      () => lab.leftovers().length === 0,
    );
    return { step, end, meanwhile, pools: lab.poolsOf(volumeId), changes: lab.changesSince('move', volumeId) };
  } finally {
    kubelet.stop();
    await lab.stop();
  }
}

function isCleanedUp(lab: CrashLab): boolean {
  const { extraReplica, cordons, intent } = lab.migration('move')?.status ?? {};
  return extraReplica?.removedTime !== undefined && cordons === undefined && intent === undefined;
}

it(
  'nothing is changed while Kubernetes fails for ten minutes at any step; then whoever was started meanwhile goes on',
  async () => {
    const outcomes = await Promise.all(STEPS.map((step) => outlive(step)));
    expect(outcomes).toEqual(
      STEPS.map(([step]) => ({
        step,
        end: 1,
        meanwhile: { changes: 0, isSame: true, restarts: 0 },
        ...(step === 'CleanUp'
          ? { pools: ['pool-cold-1', 'pool-hot-1'], changes: { added: 0, removed: 0 } }
          : { pools: ['pool-hot-1', 'pool-hot-2'], changes: { added: 1, removed: 1 } }),
      })),
    );
  },
  PATIENCE_MS + 40_000,
);
