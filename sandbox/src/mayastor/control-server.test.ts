import { VirtualClock } from '@couchestor/common/base';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ControlServer } from './control-server.ts';
import type { MayastorCluster } from './cluster.ts';
import { demoCluster, VOLUME_KINDS, type Scenario } from './objects/scenario.ts';

let clock: VirtualClock;
let cluster: MayastorCluster;
let scenario: Scenario;
let server: ControlServer;
beforeEach(async () => {
  clock = new VirtualClock();
  ({ cluster, scenario } = demoCluster({ clock, release: '2.10', volumes: VOLUME_KINDS.length }));
  server = await ControlServer.start({ cluster, volumes: scenario.volumes, host: '127.0.0.1', port: 0 });
});
afterEach(() => server.stop());

async function call(method: string, path: string, body?: string): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${server.url}${path}`, { method, ...(body === undefined ? {} : { body }) });
  return { status: response.status, answer: await response.json() };
}

describe('the control server', () => {
  it('tells what each volume is an example of', async () => {
    const { answer } = await call('GET', '/volumes');
    const { volumes } = answer as { volumes: { volumeId: string; kind: string; claim: object }[] };
    expect(volumes.map(({ kind }) => kind)).toEqual([...VOLUME_KINDS]);
    expect(volumes.map(({ claim }) => claim)).toEqual(scenario.volumes.map(({ claim }) => claim));
  });

  it('makes a volume busy from now on, and not before', async () => {
    const idle = scenario.volumes.find(({ kind }) => kind === 'idle')!.volumeId;
    const operations = (): number => {
      const { target } = cluster.view().volumes.find(({ volumeId }) => volumeId === idle)!;
      return target!.counters.readOps + target!.counters.writeOps;
    };
    await clock.advance(10_000);
    const body = JSON.stringify({ readOps: 7000, writeOps: 2000 });
    expect(await call('PUT', `/volumes/${idle}/workload`, body)).toEqual({
      status: 200,
      answer: { readOps: 7000, writeOps: 2000 },
    });
    const before = operations();
    expect(before).toBeLessThan(1000);
    await clock.advance(10_000);
    expect(operations() - before).toBe(90_000);
  });

  it('tells of every request that left a volume with fewer good copies than asked for', async () => {
    expect((await call('GET', '/safety')).answer).toEqual({ violations: [] });
    const { volumeId } = scenario.volumes[0]!;
    cluster.request('a request', () => cluster.volumes.setReplicaCount(volumeId, 1));
    const { answer } = await call('GET', '/safety');
    expect(answer).toEqual({ violations: [expect.objectContaining({ volumeId, request: 'a request' })] });
  });

  it.each([
    ['GET', '/', undefined, 404],
    ['DELETE', '/volumes', undefined, 404],
    ['PUT', '/volumes/none/workload', '{"readOps":1,"writeOps":1}', 400],
    ['PUT', '/volumes/00000000-0000-4000-8000-000000000000/workload', '{"readOps":1,"writeOps":1}', 404],
    ['PUT', '/volumes/00000000-0000-4000-8000-000000000000/workload', '{"readOps":-1,"writeOps":1}', 400],
    ['PUT', '/volumes/00000000-0000-4000-8000-000000000000/workload', '{"readOps":1}', 400],
    ['PUT', '/volumes/00000000-0000-4000-8000-000000000000/workload', '{', 400],
    ['PUT', '/volumes/00000000-0000-4000-8000-000000000000/workload', ' '.repeat(70_000), 400],
  ])('blames the client for %s %s with %s', async (method, path, body, status) => {
    const refused = await call(method, path, body);
    expect(refused).toEqual({ status, answer: { message: expect.any(String) } });
    expect((await call('GET', '/safety')).status).toBe(200);
  });
});
