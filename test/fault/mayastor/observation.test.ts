/** What goes wrong between the adapter and Mayastor's REST API: an observation is whole and true, or a typed error, never half. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import { MayastorRestSystem, type MayastorRestSystemOptions } from '@couchestor/control-plane/adapters/mayastor';
import { MayastorCluster, MayastorRest, type FaultEffect } from '@couchestor/sandbox/mayastor';

const GIB = 1024 ** 3;
const PATHS = ['/v0/volumes', '/v0/pools', '/v0/nodes'] as const;

let clock: VirtualClock;
let cluster: MayastorCluster;
let server: MayastorRest;
let system: MayastorRestSystem;

beforeEach(async () => {
  clock = new VirtualClock();
  cluster = new MayastorCluster({ clock, release: '2.9', stalenessMs: 0 });
  for (const letter of ['a', 'b', 'c']) {
    cluster.addNode({ name: `node-${letter}` });
    cluster.addPool({ name: `pool-${letter}`, node: `node-${letter}`, capacityBytes: 100 * GIB });
  }
  for (let index = 0; index < 5; index += 1) cluster.createVolume({ sizeBytes: GIB, replicaCount: 2 });
  server = await MayastorRest.start({ cluster, bearerToken: 'secret' });
  system = connect();
});

afterEach(async () => {
  system.close();
  await server.stop();
});

function connect(options: Partial<MayastorRestSystemOptions> = {}): MayastorRestSystem {
  const pages = { pageSize: 2 };
  return new MayastorRestSystem({
    url: server.url,
    clock,
    bearerToken: () => 'secret',
    attempts: 2,
    pages,
    ...options,
  });
}

/** Time passes while it goes on, so that pauses end, and what hangs runs into its deadline. */
async function observed(): Promise<Observation> {
  let isOver = false;
  const observation = system
    .observe(new AbortController().signal)
    .then(
      (facts): Observation => ({ kind: 'facts', names: namesOf(facts) }),
      (error: unknown): Observation => ({ kind: 'error', error }),
    )
    .finally(() => (isOver = true));
  while (!isOver) {
    await clock.advance(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return observation;
}

type Observation =
  { readonly kind: 'facts'; readonly names: readonly string[] } | { readonly kind: 'error'; readonly error: unknown };

type Facts = Awaited<ReturnType<MayastorRestSystem['observe']>>;

function namesOf({ volumes, pools, nodes }: Facts): string[] {
  const places = volumes.flatMap(({ volumeId, replicas }) => replicas.map(({ pool }) => `${volumeId} ${String(pool)}`));
  return [...places, ...pools.map(({ pool }) => pool), ...nodes.map(({ node }) => node)].sort();
}

function truth(): string[] {
  const { volumes, pools, nodes } = cluster.view();
  const places = volumes.flatMap(({ volumeId, replicas }) => replicas.map(({ pool }) => `${volumeId} ${pool}`));
  return [...places, ...pools.map(({ name }) => name), ...nodes.map(({ name }) => name)].sort();
}

const effects: readonly (readonly [string, FaultEffect, string])[] = [
  ['500', { kind: 'status', code: 500 }, 'unavailable'],
  ['503', { kind: 'status', code: 503 }, 'unavailable'],
  ['504 from a proxy', { kind: 'status', code: 504, text: '<html>upstream timed out</html>' }, 'timeout'],
  ['408', { kind: 'status', code: 408 }, 'timeout'],
  ['401', { kind: 'status', code: 401 }, 'unauthorized'],
  ['a permission that is denied', { kind: 'refusal', error: 'PermissionDenied' }, 'forbidden'],
  ['a store that fails', { kind: 'refusal', error: 'FailedPersist' }, 'unavailable'],
  ['404', { kind: 'status', code: 404 }, 'notFound'],
  ['a redirect', { kind: 'status', code: 302, text: '' }, 'unsupported'],
  ['a reset', { kind: 'reset' }, 'unavailable'],
  ['silence', { kind: 'hang' }, 'timeout'],
  ['garbage', { kind: 'garbage' }, 'unavailable'],
  ['half an answer', { kind: 'truncated' }, 'unavailable'],
];

describe.each(PATHS)('when GET %s', (path) => {
  it.each(effects)('gets %s, the observation is a typed error that names it', async (_, effect, code) => {
    cluster.faults.add({ match: { path: new RegExp(`^${path}$`) }, effect });
    const observation = await observed();
    expect(observation).toMatchObject({ kind: 'error', error: { code, fields: { path } } });
    cluster.faults.clear();
    expect(await observed()).toEqual({ kind: 'facts', names: truth() });
    expect(clock.pendingTimerCount).toBe(0);
  });

  it.each(effects.filter(([, , code]) => code === 'unavailable' || code === 'timeout'))(
    'gets %s once, the observation is whole all the same',
    async (_, effect) => {
      const fault = cluster.faults.add({ match: { path: new RegExp(`^${path}$`) }, times: 1, effect });
      expect(await observed()).toEqual({ kind: 'facts', names: truth() });
      expect(fault.hits).toBe(1);
    },
  );
});

describe('pages of volumes', () => {
  it.each(effects)('of which a later one gets %s are no observation', async (_, effect, code) => {
    cluster.faults.add({ match: { path: /volumes/ }, nth: 3, effect });
    expect(await observed()).toMatchObject({ kind: 'error', error: { code, fields: { path: '/v0/volumes' } } });
  });

  it('are complete although volumes come and go between them', async () => {
    const stay = truth().slice();
    const extra = cluster.createVolume({ sizeBytes: GIB, replicaCount: 1 });
    cluster.faults.add({ match: { path: /volumes/ }, nth: 2, times: 1, effect: { kind: 'delay', ms: 100 } });
    clock.setTimer(60, () => cluster.deleteVolume(extra));
    const observation = await observed();
    expect(observation.kind).toBe('facts');
    if (observation.kind === 'facts') expect(observation.names).toEqual(expect.arrayContaining(stay));
  });
});

describe('a token', () => {
  it.each([undefined, 'wrong'])('that is %s is refused, and no part of the cluster is shown', async (token) => {
    system.close();
    system = connect({ bearerToken: () => token });
    expect(await observed()).toMatchObject({ kind: 'error', error: { code: 'unauthorized', retryable: false } });
  });

  it('that was rotated is used at once', async () => {
    let token = 'expired';
    system.close();
    system = connect({ bearerToken: () => token });
    expect((await observed()).kind).toBe('error');
    token = 'secret';
    expect(await observed()).toEqual({ kind: 'facts', names: truth() });
  });
});

it('a server that is gone is an error, and its successor is observed', async () => {
  const port = Number(new URL(server.url).port);
  await server.stop();
  expect(await observed()).toMatchObject({ kind: 'error', error: { code: 'unavailable', retryable: true } });
  server = await MayastorRest.start({ cluster, port, bearerToken: 'secret' });
  expect(await observed()).toEqual({ kind: 'facts', names: truth() });
});

it('whatever goes wrong, wherever and however often, an observation is whole or a typed error', async () => {
  const fault = fc.record({
    path: fc.constantFrom(...PATHS),
    nth: fc.integer({ min: 1, max: 6 }),
    times: fc.integer({ min: 1, max: 3 }),
    effect: fc.constantFrom(...effects.map(([, effect]) => effect)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 4 }), async (faults) => {
      cluster.faults.clear();
      for (const { path, ...rule } of faults) cluster.faults.add({ ...rule, match: { path: new RegExp(`^${path}$`) } });
      const observation = await observed();
      if (observation.kind === 'facts') expect(observation.names).toEqual(truth());
      else expect(observation.error).toBeInstanceOf(CoucheStorError);
      expect(clock.pendingTimerCount).toBe(0);
    }),
    { numRuns: 60 },
  );
});
