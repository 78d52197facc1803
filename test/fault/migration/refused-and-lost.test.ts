/**
 * Every call that changes something in Mayastor, refused in each way that Mayastor has and lost before and after its effect. A
 * real process moves a volume each time: it tries again, or fails with nothing changed where nothing else is left to it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErrorKind, FaultRule } from '@couchestor/sandbox/mayastor';
import { CrashLab, PATIENCE_MS, until, type Route } from './crash-lab.ts';
import type { OperatorProcess } from './operator-process.ts';

/** Certain to have changed nothing; the others leave that open. */
const REFUSALS: readonly ErrorKind[] = [
  'FailedPrecondition',
  'Conflict',
  'ResourceExhausted',
  'CapacityLimitExceeded',
  'AlreadyExists',
  'Unauthorized',
];
const DOUBTS: readonly ErrorKind[] = ['FailedPersist', 'Unavailable', 'Timeout', 'DeadlineExceeded'];

type Fault = Pick<FaultRule, 'when' | 'effect'>;

const FAULTS: readonly (readonly [string, Fault])[] = [
  ...[...REFUSALS, ...DOUBTS].map((error) => [error, { effect: { kind: 'refusal', error } }] as const),
  ['lost before its effect', { when: 'before', effect: { kind: 'reset' } }],
  ['lost after its effect', { when: 'after', effect: { kind: 'reset' } }],
];

interface Move {
  readonly uid: string;
  readonly volumeId: string;
  readonly lane: string;
}

interface Step {
  readonly method: 'PUT' | 'DELETE';
  readonly path: (move: Move) => RegExp;
  /** What a refusal ends in; Completed where it is asked again. */
  readonly refused: 'Failed' | 'Completed';
}

const cordonOfPool = ({ lane }: Move): RegExp => new RegExp(`/pools/[^/]*-${lane}/cordon`);
const cordonOfNode = ({ uid }: Move): RegExp => new RegExp(`/nodes/[^/]*/cordon/couchestor-${uid}`);

const STEPS: Readonly<Record<string, Step>> = {
  'the cordon of a pool': { method: 'PUT', path: cordonOfPool, refused: 'Failed' },
  'the scale-up': {
    method: 'PUT',
    path: ({ volumeId }) => new RegExp(`/volumes/${volumeId}/replica_count/3$`),
    refused: 'Failed',
  },
  'lifting the cordon of a pool': { method: 'DELETE', path: cordonOfPool, refused: 'Completed' },
  'the cordon of a node': { method: 'PUT', path: cordonOfNode, refused: 'Completed' },
  'the scale-down': {
    method: 'PUT',
    path: ({ volumeId }) => new RegExp(`/volumes/${volumeId}/replica_count/2$`),
    refused: 'Completed',
  },
  'lifting the cordon of a node': { method: 'DELETE', path: cordonOfNode, refused: 'Completed' },
};

const PLAN = { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2 };
const LANES = 3;
const hasEnded = (name: string): boolean => /Completed|Failed|Aborted|Cancelled/.test(lab.phase(name) ?? '');
const nameOf = (...words: readonly string[]): string =>
  words
    .join(' ')
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-');

let lab: CrashLab;
let operator: OperatorProcess;
let routes: readonly Route[];

beforeAll(async () => {
  lab = await CrashLab.start({ speed: 30 });
  routes = Array.from({ length: LANES }, (_, index) => lab.addLane(`lane${index}`));
  operator = lab.operator();
  await operator.begin();
}, PATIENCE_MS);
afterAll(() => lab.stop());
afterEach(() => expect(lab.leftovers()).toEqual([]));

/** A migration in a lane of its own that meets the fault once at each of these steps; what became of it. */
async function moveUnder(name: string, fault: Fault, steps: readonly Step[], route: Route): Promise<object> {
  const { lane = '' } = route;
  const volumeId = lab.migrate(name, route);
  const uid = lab.migration(name)?.metadata.uid ?? '';
  const struck = steps.map(({ method, path }) =>
    lab.cluster.faults.add({ match: { method, path: path({ uid, volumeId, lane }) }, times: 1, ...fault }),
  );
  await until(
    () => `${JSON.stringify(lab.migration(name)?.status)} ${operator.output.slice(-3_000)}`,
    () => hasEnded(name),
  );
  const hits = struck.map((handle) => handle.hits);
  for (const handle of struck) handle.remove();
  const pools = lab.poolsOf(volumeId).map((pool) => pool.replace(`-${lane}`, ''));
  return { name, hits, phase: lab.phase(name), pools, changes: lab.changesSince(name, volumeId) };
}

/** Some at once, each lane one after the other. */
async function inLanes<Item>(items: readonly Item[], run: (item: Item, route: Route) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(
    routes.map(async (route) => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item, route);
    }),
  );
}

const isRefusal = (fault: string): boolean => REFUSALS.some((kind) => kind === fault);

it(
  'a move that meets a fault once at every step at which it can go on completes',
  async () => {
    await inLanes(FAULTS, async ([title, fault], route) => {
      const name = nameOf('everywhere', title);
      const steps = Object.values(STEPS).filter(({ refused }) => refused === 'Completed' || !isRefusal(title));
      expect(await moveUnder(name, fault, steps, route)).toEqual({
        name,
        hits: steps.map(() => 1),
        phase: 'Completed',
        pools: ['hot-1', 'hot-2'],
        changes: { added: 1, removed: 1 },
      });
    });
  },
  PATIENCE_MS,
);

describe.each(Object.entries(STEPS).filter(([, { refused }]) => refused === 'Failed'))('%s', (title, step) => {
  it(
    'that is refused ends the move with nothing changed',
    async () => {
      await inLanes(
        FAULTS.filter(([kind]) => isRefusal(kind)),
        async ([kind, fault], route) => {
          const name = nameOf(title, kind);
          expect(await moveUnder(name, fault, [step], route)).toEqual({
            name,
            hits: [1],
            phase: 'Failed',
            pools: ['cold-1', 'hot-1'],
            changes: { added: 0, removed: 0 },
          });
        },
      );
    },
    PATIENCE_MS,
  );
});

it(
  'a scale-down that is refused for ever ends the move with both copies, which are told of',
  async () => {
    const [route = { pools: [], target: '', node: '' }] = routes;
    const removal = STEPS['the scale-down'];
    const volumeId = lab.migrate('for-ever', route, { spec: { plan: { ...PLAN, timeout: '60s' } } });
    const path = removal?.path({ volumeId, uid: '', lane: '' }) ?? /$/;
    lab.cluster.faults.add({
      match: { method: 'PUT', path },
      effect: { kind: 'refusal', error: 'FailedPrecondition' },
    });
    await until(
      () => JSON.stringify(lab.migration('for-ever')?.status),
      () => hasEnded('for-ever'),
    );
    lab.cluster.faults.clear();
    expect(lab.migration('for-ever')?.status).toMatchObject({ phase: 'Aborted', extraReplica: { pool: route.target } });
    expect(lab.changesSince('for-ever', volumeId)).toEqual({ added: 1, removed: 0 });
  },
  PATIENCE_MS,
);
