import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, nullLogger, VirtualClock, type Logger } from '@couchestor/common/base';
import {
  FakeOpenEbsObjects,
  MayastorServer,
  nodeJson,
  objectsListed,
  poolJson,
  sends,
  volumeJson,
  VOLUME_ID,
} from './mayastor.fixture.ts';
import { MayastorRestSystem, type MayastorRestSystemOptions } from './mayastor-rest-system.ts';

const { signal } = new AbortController();
let server: MayastorServer;
let url: string;
let system: MayastorRestSystem;
let warnings: string[];

beforeEach(async () => {
  server = new MayastorServer();
  url = await server.start();
  warnings = [];
});

afterEach(async () => {
  system.close();
  await server.stop();
});

function connect(options: Partial<MayastorRestSystemOptions> = {}): MayastorRestSystem {
  const logger: Logger = { ...nullLogger, warn: (message) => void warnings.push(message) };
  system = new MayastorRestSystem({ url, clock: new VirtualClock(), logger, attempts: 1, ...options });
  return system;
}

describe('an observation', () => {
  it('has all volumes, pools and nodes', async () => {
    const { volumes, pools, nodes } = await connect().observe(signal);
    expect(volumes.map(({ volumeId }) => volumeId)).toEqual([VOLUME_ID]);
    expect(pools.map(({ pool }) => pool)).toEqual(['pool-a', 'pool-b']);
    expect(nodes.map(({ node }) => node)).toEqual(['node-a', 'node-b']);
  });

  it.each(['/v0/volumes', '/v0/pools', '/v0/nodes'])(
    'is an error without %s, and leaves nothing running',
    async (path) => {
      for (const other of ['/v0/volumes', '/v0/pools', '/v0/nodes']) server.answers.set(other, () => undefined);
      server.answers.set(path, sends({ kind: 'Internal' }, 500));
      await expect(connect().observe(signal)).rejects.toMatchObject({ code: 'unavailable', fields: { path } });
    },
  );

  it.each([
    ['/v0/volumes', sends([]), 'the answer'],
    ['/v0/volumes', sends({}), 'entries'],
    ['/v0/pools', sends({ entries: [] }), 'the answer'],
    ['/v0/pools', sends([poolJson(), poolJson()]), '[1].id'],
    ['/v0/nodes', sends([nodeJson(), 7]), '[1]'],
  ])('of %s in another shape is refused, naming the field', async (path, answer, field) => {
    server.answers.set(path, answer);
    await expect(connect().observe(signal)).rejects.toMatchObject({ code: 'unsupported', fields: { path, field } });
  });

  it('bears a volume whose pool the list of pools does not have', async () => {
    server.answers.set('/v0/pools', sends([]));
    const { volumes } = await connect().observe(signal);
    expect(volumes[0]?.replicas.map(({ pool }) => pool)).toEqual(['pool-a', 'pool-b']);
  });

  it('leaves out what has a name that nothing can carry, and says so once', async () => {
    server.answers.set('/v0/pools', sends([poolJson(), poolJson({ id: 'Pool_1' })]));
    server.answers.set('/v0/nodes', sends([nodeJson({ id: 'Node_1' })]));
    const { pools, nodes } = await connect().observe(signal);
    await system.observe(signal);
    expect([pools.length, nodes.length]).toEqual([1, 0]);
    expect(warnings.filter((message) => message.includes('left out'))).toHaveLength(2);
  });

  it('binds volumes by affinity to the labels that their pools have', async () => {
    const topology = { pool_topology: { labelled: { inclusion: {}, exclusion: {}, affinity_key: ['tier'] } } };
    server.answers.set('/v0/volumes', sends({ entries: [volumeJson({ spec: { topology } })] }));
    const { volumes } = await connect().observe(signal);
    expect(volumes[0]?.topology.poolInclusion).toEqual({ tier: 'hot' });
  });
});

describe('labels of pools', () => {
  it('are those of the DiskPool object where the REST API has none', async () => {
    const diskpools = objectsListed({ name: 'pool-a', labels: { rack: 'r1', tier: 'cold' } });
    const { pools } = await connect({ objects: new FakeOpenEbsObjects({ diskpools }) }).observe(signal);
    expect(pools[0]?.labels).toEqual({ rack: 'r1', tier: 'hot' });
    expect(pools[1]?.labels).toEqual({ tier: 'hot' });
  });

  it('are not those that the DiskPool was made with: what was taken away since stays away', async () => {
    const spec = { topology: { labelled: { media: 'nvme', tier: 'cold' } } };
    const diskpools = objectsListed({ name: 'pool-a', spec });
    const { pools } = await connect({ objects: new FakeOpenEbsObjects({ diskpools }) }).observe(signal);
    expect(pools[0]?.labels).toEqual({ tier: 'hot' });
  });

  it.each([{ kind: 'notServed' } as const, { kind: 'forbidden', message: 'no' } as const])(
    'are those of the REST API when DiskPools are %j, which is said once',
    async (diskpools) => {
      connect({ version: '2.9.0', objects: new FakeOpenEbsObjects({ diskpools }) });
      await system.observe(signal);
      expect((await system.observe(signal)).pools[0]?.labels).toEqual({ tier: 'hot' });
      expect(warnings).toEqual([expect.stringContaining('DiskPools')]);
    },
  );

  it('are not guessed when the API server fails', async () => {
    const diskpools = new CoucheStorError('timeout', 'late');
    await expect(connect({ objects: new FakeOpenEbsObjects({ diskpools }) }).observe(signal)).rejects.toBe(diskpools);
  });
});

describe('the version', () => {
  const deployed = (...versions: string[]) =>
    objectsListed(...versions.map((version) => ({ labels: { app: 'agent-core', 'openebs.io/version': version } })), {
      labels: { app: 'csi-controller', 'openebs.io/version': '1.0.0' },
    });

  it('is the configured one', async () => {
    const objects = new FakeOpenEbsObjects({ deployments: deployed('2.7.1') });
    const { capabilities } = await connect({ version: '2.10.0', objects }).observe(signal);
    expect(capabilities).toMatchObject({ version: '2.10.0', poolCordons: true });
  });

  it('is that of the Deployments, the older of several', async () => {
    const objects = new FakeOpenEbsObjects({ deployments: deployed('2.10.0', '2.9.1') });
    const { capabilities } = await connect({ objects }).observe(signal);
    expect(capabilities).toMatchObject({ version: '2.9.1', removalKnowsCordons: true, poolCordons: false });
  });

  it.each([deployed(), deployed('develop'), { kind: 'forbidden', message: 'no' } as const])(
    'is not assumed from %j',
    async (deployments) => {
      connect({ objects: new FakeOpenEbsObjects({ deployments, diskpools: objectsListed() }) });
      await system.observe(signal);
      const { capabilities } = await system.observe(signal);
      expect(capabilities).toMatchObject({ version: undefined, removalKnowsTopology: false, poolCordons: false });
      expect(warnings.filter((message) => message.includes('version is not known'))).toHaveLength(1);
    },
  );

  it('is that of the oldest engine where nothing else says it, and all do', async () => {
    const node = (id: string, version?: string) => nodeJson({ id, state: { version } });
    server.answers.set('/v0/nodes', sends([node('node-a', 'v2.9.2'), node('node-b', '2.8.0')]));
    expect((await connect().observe(signal)).capabilities.version).toBe('2.8.0');
    server.answers.set('/v0/nodes', sends([node('node-a', '2.9.2'), node('node-b')]));
    expect((await system.observe(signal)).capabilities.version).toBeUndefined();
  });

  it('has to be one when it is configured', () => {
    connect();
    expect(() => connect({ version: 'latest' })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
