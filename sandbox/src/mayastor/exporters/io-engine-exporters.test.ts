import { VirtualClock } from '@couchestor/common/base';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { MayastorCluster } from '../cluster.ts';
import { serversOf } from '../listening.fixture.ts';
import { parseExposition } from './exposition.fixture.ts';
import { IoEngineExporters } from './io-engine-exporters.ts';

const GIB = 1024 ** 3;

/** Rejects when the connection breaks. */
function get(target: string, path = '/metrics', method = 'GET'): Promise<{ code: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`http://${target}${path}`, { method, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ code: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

let clock: VirtualClock;
let cluster: MayastorCluster;
let exporters: IoEngineExporters;
let volumeId = '';

beforeEach(async () => {
  clock = new VirtualClock();
  cluster = new MayastorCluster({ clock, release: '2.7' });
  for (const name of ['a', 'b']) {
    cluster.addNode({ name });
    cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: 100 * GIB });
  }
  volumeId = cluster.createVolume({ sizeBytes: GIB, replicaCount: 2, pools: ['pool-a', 'pool-b'] });
  cluster.publish(volumeId, 'a');
  cluster.setWorkload(volumeId, { readOps: 100, writeOps: 50 });
  exporters = await IoEngineExporters.start({ cluster });
});
afterEach(() => exporters.stop());

const valueOf = async (index: number, name: string): Promise<number | undefined> => {
  const { text } = await get(exporters.targets[index]!);
  return [...(parseExposition(text).get(name)?.samples.values() ?? [])][0];
};

describe('exporters', () => {
  it('are one per node, each at an address of its own', () => {
    expect(new Set(exporters.targets).size).toBe(2);
    expect(exporters.targetGroups).toEqual([
      { targets: [exporters.targets[0]], labels: { kubernetes_node: 'a' } },
      { targets: [exporters.targets[1]], labels: { kubernetes_node: 'b' } },
    ]);
  });

  it('answer with plain text, and to nothing but metrics', async () => {
    const target = exporters.targets[0]!;
    expect(await get(target, '/metrics?x=y')).toMatchObject({ code: 200, type: 'text/plain' });
    expect(await get(target, '/metrics', 'HEAD')).toEqual({ code: 200, type: 'text/plain', text: '' });
    expect((await get(target, '/')).code).toBe(404);
    expect((await get(target, '/metrics', 'POST')).code).toBe(404);
  });

  it('count on while time passes, and show the present at every scrape', async () => {
    expect(await valueOf(0, 'volume_num_write_ops')).toBe(0);
    await clock.advance(10_000);
    expect(await valueOf(0, 'volume_num_write_ops')).toBe(500);
    expect(await valueOf(0, 'volume_num_read_ops')).toBe(1000);
    expect(await valueOf(1, 'replica_num_write_ops')).toBe(500);
    expect(await valueOf(1, 'volume_num_write_ops')).toBeUndefined();
  });

  it('move with the target of the volume, and fall silent when it has none', async () => {
    cluster.unpublish(volumeId);
    expect(await valueOf(0, 'volume_num_read_ops')).toBeUndefined();
    cluster.publish(volumeId, 'b');
    expect(await valueOf(0, 'volume_num_read_ops')).toBeUndefined();
    expect(await valueOf(1, 'volume_num_read_ops')).toBe(0);
  });

  it('start again from zero with the engine', async () => {
    await clock.advance(10_000);
    cluster.restartEngine('a');
    expect(await valueOf(0, 'volume_num_write_ops')).toBe(0);
    expect(await valueOf(1, 'replica_num_write_ops')).toBe(500);
    await clock.advance(1000);
    expect(await valueOf(0, 'volume_num_write_ops')).toBe(50);
  });

  it('break connections while their node is down, and come back at the same address', async () => {
    const { targets } = exporters;
    cluster.setNodeStatus('b', 'Offline');
    await expect(get(targets[1]!)).rejects.toThrow();
    expect((await get(targets[0]!)).code).toBe(200);
    cluster.setNodeStatus('b', 'Online');
    expect((await get(targets[1]!)).code).toBe(200);
  });

  it('that cannot all listen leave none behind', async () => {
    const second = {
      get name(): string {
        throw new Error('no address is left');
      },
    };
    const broken = { view: () => ({ nodes: [{ name: 'a' }, second] }) } as unknown as MayastorCluster;
    const start = (): Promise<IoEngineExporters> => IoEngineExporters.start({ cluster: broken });
    const servers = await serversOf(() => expect(start()).rejects.toThrow('no address is left'));
    expect(servers).toEqual({ started: 1, listening: 0 });
  });
});
