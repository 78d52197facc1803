/** What happens to a volume, its cluster and its policy while a real process fills a new replica, and how the move then ends. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { CrashLab, PATIENCE_MS, until, type Migration, type Route } from './crash-lab.ts';
import type { OperatorProcess } from './operator-process.ts';

const GIB = 1024 ** 3;
/** Seconds, also on the faster clock. */
const SIZE_BYTES = 30 * GIB;
const ROUTE: Route = { pools: ['pool-cold-1', 'pool-hot-1'], target: 'pool-hot-2', node: 'hot-1' };

let lab: CrashLab;
let operator: OperatorProcess;
let count = 0;

beforeAll(async () => {
  lab = await CrashLab.start({ speed: 20 });
  operator = lab.operator();
  await operator.begin();
}, PATIENCE_MS);
afterAll(() => lab.stop());
afterEach(() => expect(lab.leftovers()).toEqual([]));

interface Move {
  readonly name: string;
  readonly volumeId: string;
  readonly status: () => Migration['status'];
  readonly inPhase: (phase: RegExp) => Promise<unknown>;
}

/** One whose replica is being filled, and will be for a while. */
async function filling(options: { readonly ownedBy?: object } = {}): Promise<Move> {
  count += 1;
  const name = `move-${count}`;
  const metadata = options.ownedBy === undefined ? {} : { ownerReferences: [options.ownedBy] };
  const volumeId = lab.migrate(name, ROUTE, { sizeBytes: SIZE_BYTES, metadata });
  const status = (): Migration['status'] => lab.migration(name)?.status;
  const inPhase = (phase: RegExp): Promise<unknown> =>
    until(
      () => `${String(phase)} ${JSON.stringify(status())} ${operator.output.slice(-2_000)}`,
      () => phase.test(status()?.phase ?? ''),
    );
  await inPhase(/Syncing/);
  return { name, volumeId, status, inPhase };
}

async function expectMoved({ name, volumeId, status, inPhase }: Move): Promise<void> {
  await inPhase(/Completed|Aborted|Failed|Cancelled/);
  expect(status()).toMatchObject({ phase: 'Completed', newReplica: { pool: ROUTE.target } });
  expect(lab.poolsOf(volumeId)).toEqual(['pool-hot-1', 'pool-hot-2']);
  lab.forget(name, volumeId);
}

it(
  'a rebuild that fails and starts anew where it was is waited for',
  async () => {
    const move = await filling();
    // Somebody's cordon, which no migration may lift: there is no other place left.
    lab.cluster.infrastructure.cordonPool('pool-cold-2', { replicas: true });
    lab.cluster.failRebuild(move.volumeId);
    expect(lab.phase(move.name)).toBe('Syncing');
    await expectMoved(move);
    lab.cluster.infrastructure.uncordonPool('pool-cold-2', { replicas: true });
  },
  PATIENCE_MS,
);

it(
  'a rebuild that fails and starts anew elsewhere ends the move with both copies',
  async () => {
    const move = await filling();
    lab.cluster.infrastructure.cordonPool(ROUTE.target, { replicas: true });
    lab.cluster.failRebuild(move.volumeId);
    await move.inPhase(/Completed|Aborted|Failed|Cancelled/);
    lab.cluster.infrastructure.uncordonPool(ROUTE.target, { replicas: true });
    expect(move.status()).toMatchObject({ phase: 'Aborted', extraReplica: { pool: 'pool-cold-2' } });
    expect(lab.poolsOf(move.volumeId)).toEqual(['pool-cold-1', 'pool-cold-2', 'pool-hot-1']);
  },
  PATIENCE_MS,
);

it(
  'a node that is lost for a while is waited for',
  async () => {
    const move = await filling();
    lab.cluster.setNodeStatus('hot-2', 'Offline');
    await until(
      () => JSON.stringify(move.status()),
      () => (move.status()?.message ?? '').includes('being filled: '),
    );
    lab.cluster.setNodeStatus('hot-2', 'Online');
    await expectMoved(move);
  },
  PATIENCE_MS,
);

it(
  'a policy that is edited changes nothing of a move that has begun',
  async () => {
    const move = await filling();
    lab.applyPolicy({ highWatermarkIOPS: 2_000, coldPoolSelector: { matchLabels: { tier: 'frozen' } } });
    await expectMoved(move);
    lab.applyPolicy();
  },
  PATIENCE_MS,
);

it(
  'a policy that is deleted cancels its moves; the record of the extra copy stays until that is cleaned up',
  async () => {
    const { apiVersion, kind, metadata } = lab.policy();
    const ownedBy = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
    const move = await filling({ ownedBy });
    await lab.deletePolicy();
    await move.inPhase(/Completed|Aborted|Failed|Cancelled/);
    expect(move.status()).toMatchObject({ phase: 'Cancelled', extraReplica: { pool: ROUTE.target } });
    await lab.change(move.name, { cleanup: true });
    await until(
      () => JSON.stringify(lab.migration(move.name)),
      () => lab.migration(move.name) === undefined,
    );
    expect(lab.poolsOf(move.volumeId)).toEqual(['pool-cold-1', 'pool-hot-1']);
    lab.applyPolicy();
  },
  PATIENCE_MS,
);

it(
  'a volume that is deleted ends its move',
  async () => {
    const move = await filling();
    lab.cluster.deleteVolume(move.volumeId);
    await move.inPhase(/Completed|Aborted|Failed|Cancelled/);
    expect(move.status()).toMatchObject({ phase: 'Aborted', message: expect.stringMatching('not there any more') });
    expect(move.status()).toMatchObject({ extraReplica: { pool: ROUTE.target } });
  },
  PATIENCE_MS,
);

it(
  'a volume that is unpublished and published elsewhere is waited for',
  async () => {
    const move = await filling();
    lab.cluster.unpublish(move.volumeId);
    await until(
      () => JSON.stringify(move.status()),
      () => (move.status()?.message ?? '').includes('being filled: '),
    );
    lab.cluster.publish(move.volumeId, 'cold-2');
    await expectMoved(move);
  },
  PATIENCE_MS,
);

it(
  'a volume that is resized goes on moving',
  async () => {
    const move = await filling();
    lab.cluster.volumes.resize(move.volumeId, SIZE_BYTES + GIB);
    await expectMoved(move);
  },
  PATIENCE_MS,
);
