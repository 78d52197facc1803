import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  parseNodeName,
  parsePoolName,
  parseVolumeId,
  VirtualClock,
  type CoucheStorError,
} from '@couchestor/common/base';
import { MayastorServer, nodeJson, poolJson, sends, volumeJson, VOLUME_ID, type Json } from './mayastor.fixture.ts';
import { MayastorRestMover } from './mayastor-rest-mover.ts';

const { signal } = new AbortController();
const [volumeId, node, pool] = [parseVolumeId(VOLUME_ID), parseNodeName('node-a'), parsePoolName('pool-a')];
const VOLUME = `/v0/volumes/${VOLUME_ID}`;
const LABEL = 'couchestor/move 1';
const NODE_CORDON = '/v0/nodes/node-a/cordon/couchestor%2Fmove%201';
const POOL_CORDON = '/v0/pools/pool-a/cordon';
const ONLY_REPLICAS = { replicas: true, snapshots: false, restores: false, import: false };

let server: MayastorServer;
let mover: MayastorRestMover;

beforeEach(async () => {
  server = new MayastorServer();
  mover = new MayastorRestMover({ url: await server.start(), clock: new VirtualClock(), attempts: 1 });
  has({});
});

afterEach(async () => {
  mover.close();
  await server.stop();
});

function has(spec: Json): void {
  server.answers.set(`GET ${VOLUME}`, sends(volumeJson({ spec })));
}

const answers = (request: string, status: number, kind: string): void =>
  void server.answers.set(request, sends({ kind, message: 'said', details: '' }, status));
const sent = () => server.requests.map(({ method, path, body }) => `${method} ${path} ${body}`.trim());
const cordonOf = (...labels: string[]) => ({ cordondrainstate: { cordonedstate: { cordonlabels: labels } } });

const calls = {
  count: {
    request: `PUT ${VOLUME}/replica_count/3`,
    call: () => mover.setReplicaCount(volumeId, 3, signal),
    body: '',
    look: `GET ${VOLUME}`,
    made: () => has({ num_replicas: 3 }),
    notMade: () => has({}),
    open: () => has({ operation: { operation: 'SetReplica' } }),
  },
  cordonNode: {
    request: `PUT ${NODE_CORDON}`,
    call: () => mover.cordonNode(node, LABEL, signal),
    body: '',
    look: 'GET /v0/nodes',
    made: () => server.answers.set('/v0/nodes', sends([nodeJson({ spec: cordonOf('other', LABEL) })])),
    notMade: () => server.answers.set('/v0/nodes', sends([nodeJson({ spec: cordonOf('other') })])),
    open: () => server.answers.set('/v0/nodes', sends([nodeJson({ spec: { cordondrainstate: { newstate: 7 } } })])),
  },
  uncordonNode: {
    request: `DELETE ${NODE_CORDON}`,
    call: () => mover.uncordonNode(node, LABEL, signal),
    body: '',
    look: 'GET /v0/nodes',
    made: () => server.answers.set('/v0/nodes', sends([nodeJson({ id: 'node-b' })])),
    notMade: () => server.answers.set('/v0/nodes', sends([nodeJson({ spec: cordonOf(LABEL) })])),
    open: () => server.answers.set('/v0/nodes', sends([nodeJson({ spec: { cordondrainstate: {} } })])),
  },
  cordonPool: {
    request: `PUT ${POOL_CORDON}`,
    call: () => mover.cordonPool(pool, signal),
    body: JSON.stringify(ONLY_REPLICAS),
    look: 'GET /v0/pools',
    made: () => pools({ cordoned: ONLY_REPLICAS }),
    notMade: () => pools({ cordoned: { ...ONLY_REPLICAS, replicas: false, import: true } }),
    open: () => pools({ drained: {} }),
  },
  uncordonPool: {
    request: `DELETE ${POOL_CORDON}`,
    call: () => mover.uncordonPool(pool, signal),
    body: JSON.stringify(ONLY_REPLICAS),
    look: 'GET /v0/pools',
    made: () => pools(undefined),
    notMade: () => pools({ cordoned: ONLY_REPLICAS }),
    open: () => pools({ cordoned: {} }),
  },
};

function pools(cordonDrain: unknown): void {
  server.answers.set('/v0/pools', sends([poolJson({ id: 'pool-b' }), poolJson({ spec: { cordonDrain } })]));
}

describe.each(Object.entries(calls))('%s', (_, { request, call, body, look, made, notMade, open }) => {
  it.each([
    ['200', sends({})],
    ['204', sends('', 204)],
  ])('is one request, and done when it is answered with %s', async (__, answer) => {
    server.answers.set(request, answer);
    await call();
    expect(sent()).toEqual([`${request} ${body}`.trim()]);
  });

  it('is done when it is refused because it is done', async () => {
    answers(request, 412, 'FailedPrecondition');
    made();
    await call();
    expect(sent()).toEqual([`${request} ${body}`.trim(), look]);
  });

  it.each([
    [412, 'FailedPrecondition', 'conflict'],
    [409, 'Conflict', 'conflict'],
    [507, 'ResourceExhausted', 'resourceExhausted'],
  ])('is refused by %s, once it was seen that nothing happened', async (status, kind, code) => {
    answers(request, status, kind);
    notMade();
    await expect(call()).rejects.toMatchObject({ code, fields: { refused: true, status, kind } });
  });

  it('is not called refused when it cannot be seen whether it was made', async () => {
    answers(request, 409, 'Conflict');
    open();
    const first = await call().catch((error: unknown) => error);
    answers(look, 503, 'Unavailable');
    const second = await call().catch((error: unknown) => error);
    for (const error of [first, second]) expect(error).toMatchObject({ fields: { status: 409, kind: 'Conflict' } });
    for (const error of [first, second]) expect(error).not.toHaveProperty('fields.refused');
  });

  it.each([408, 500, 503, 504])('is not repeated after %s, nor called refused, nor looked at', async (status) => {
    answers(request, status, 'Aborted');
    notMade();
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ fields: { status }, message: expect.stringContaining(request) });
    expect(error).not.toHaveProperty('fields.refused');
    expect(sent()).toHaveLength(1);
  });

  it.each([
    ['a reset', (response: { destroy: () => unknown }) => void response.destroy()],
    ['a page of a proxy', sends('<html>')],
  ])('is not repeated after %s', async (__, answer) => {
    server.answers.set(request, answer);
    await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent()).toHaveLength(1);
  });
});

describe('a number of replicas', () => {
  const request = `PUT ${VOLUME}/replica_count/3`;

  it.each([
    ['is', 404, 'NotFound', true],
    ['is not', 412, 'FailedPrecondition', undefined],
  ])('of a volume that is gone when one looks %s called refused after %s', async (_, status, kind, refused) => {
    answers(request, status, kind);
    answers(`GET ${VOLUME}`, 404, 'NotFound');
    const error = await mover.setReplicaCount(volumeId, 3, signal).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ fields: { status } });
    expect((error as CoucheStorError).fields.refused).toBe(refused);
  });
});

describe('a volume', () => {
  it('is read alone', async () => {
    expect(await mover.volume(volumeId, signal)).toMatchObject({ volumeId, replicaCount: 2 });
    expect(sent()).toEqual([`GET ${VOLUME}`]);
  });

  it('is not there when Mayastor says so', async () => {
    answers(`GET ${VOLUME}`, 404, 'NotFound');
    expect(await mover.volume(volumeId, signal)).toBeUndefined();
  });

  it('is not taken for gone because of a 404 of a proxy', async () => {
    server.answers.set(`GET ${VOLUME}`, sends('default backend - 404', 404));
    await expect(mover.volume(volumeId, signal)).rejects.toMatchObject({ code: 'notFound' });
  });

  it('that is bound by affinity is bound to the labels that its pools have', async () => {
    has({ topology: { pool_topology: { labelled: { inclusion: {}, exclusion: {}, affinity_key: ['tier'] } } } });
    expect((await mover.volume(volumeId, signal))?.topology.poolInclusion).toEqual({ tier: 'hot' });
  });
});

describe('the history of rebuilds', () => {
  const PATH = `GET ${VOLUME}/rebuild-history`;

  it('is of the replicas of the volume', async () => {
    const times = { startTime: '2023-06-20T07:25:25Z', endTime: '2023-06-20T07:26:25Z' };
    const sizes = { blocksTotal: 2, blocksRecovered: 1, blockSize: 512 };
    const childUri = 'bdev:///a76adcd6-9df0-47a1-90a5-2d5bf4151572?uuid=a76adcd6-9df0-47a1-90a5-2d5bf4151572';
    server.answers.set(PATH, sends({ records: [{ childUri, rebuildJobState: 'Failed', ...times, ...sizes }] }));
    expect(await mover.rebuildHistory(volumeId, signal)).toMatchObject({
      kind: 'known',
      records: [{ replicaId: 'a76adcd6-9df0-47a1-90a5-2d5bf4151572', state: 'Failed', totalBytes: 1024 }],
    });
  });

  it.each([
    [412, '{"kind":"NotPublished","message":"","details":""}', 'not published'],
    [404, '', 'no history'],
    [404, '{"kind":"NotFound","message":"","details":""}', 'target'],
    [501, '{"kind":"Unimplemented","message":"","details":""}', 'no history'],
  ])('is unavailable by %s %s', async (status, body, reason) => {
    server.answers.set(PATH, sends(body, status));
    const history = await mover.rebuildHistory(volumeId, signal);
    expect(history).toEqual({ kind: 'unavailable', reason: expect.stringContaining(reason) });
  });

  it('is unavailable without a volume', async () => {
    answers(`GET ${VOLUME}`, 404, 'NotFound');
    expect(await mover.rebuildHistory(volumeId, signal)).toMatchObject({ kind: 'unavailable' });
  });

  it.each([
    ['an error', sends('', 503), 'unavailable'],
    ['another shape', sends({ records: [{}] }), 'unsupported'],
  ])('that is %s is an error', async (_, answer, code) => {
    server.answers.set(PATH, answer);
    await expect(mover.rebuildHistory(volumeId, signal)).rejects.toMatchObject({ code });
  });
});

it('the surroundings are the pools, the nodes and what the release can do', async () => {
  const { pools: all, nodes, capabilities } = await mover.surroundings(signal);
  expect([all.length, nodes.length, capabilities.canMoveReplicas]).toEqual([2, 2, true]);
});

it('a version that is none is refused', () => {
  const make = () => new MayastorRestMover({ url: 'http://x', clock: new VirtualClock(), version: 'latest' });
  expect(make).toThrow(expect.objectContaining({ code: 'invalid' }));
});
