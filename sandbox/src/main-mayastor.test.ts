/** The Mayastor of the process: the flags that ask for one and say how it behaves. */
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { call, directory, outcome, start, stop, type Sandbox } from './main.fixture.ts';

afterAll(() => rmSync(directory, { recursive: true }));

describe('a Mayastor', () => {
  const pools = '/apis/openebs.io/v1beta2/namespaces/openebs/diskpools';
  const volumes = '/api/v1/persistentvolumes';
  const urlIn = (sandbox: Sandbox): string => /^ready: mayastor \S+ (\S+)$/m.exec(sandbox.ready)?.[1] ?? '';

  // observes: --mayastor-release
  it('is there when a release is asked for, and its objects are those of the release', async () => {
    const without = await start();
    expect(without.ready).not.toContain('mayastor');
    expect((await call(without, 'GET', pools)).code).toBe(404);
    await stop(without);
    const sandbox = await start(['--mayastor-release', '2.7', '--mayastor-port', '0']);
    expect(urlIn(sandbox)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v0$/);
    expect((await fetch(`${urlIn(sandbox)}/nodes`)).status).toBe(200);
    expect((await call(sandbox, 'GET', pools)).body.items).toHaveLength(9);
    expect(await stop(sandbox)).toBe(0);
    const unknown = await outcome(['--mayastor-release', '3.0']);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringMatching(/--mayastor-release.*3\.0.*none.*2\.10/)]);
  });

  // observes: --scenario-volumes
  it('starts with as many volumes and claims as asked for', async () => {
    const sandbox = await start(['--mayastor-release', '2.7', '--mayastor-port', '0', '--scenario-volumes', '11']);
    const answer = (await (await fetch(`${urlIn(sandbox)}/volumes?max_entries=0`)).json()) as { entries: unknown[] };
    expect(answer.entries).toHaveLength(11);
    expect((await call(sandbox, 'GET', volumes)).body.items).toHaveLength(11);
    await stop(sandbox);
    const { code, err } = await outcome(['--scenario-volumes', '10001']);
    expect([code, err]).toEqual([2, expect.stringMatching(/--scenario-volumes.*10001.*10000/)]);
  });

  // observes: --mayastor-port
  it('has its REST API on the port that it is given, unless that is taken', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    const args = ['--mayastor-release', '2.10', '--mayastor-port', String(port)];
    const taken = await outcome(['--port', '0', '--kubeconfig', join(directory, 'taken'), ...args]);
    expect([taken.code, taken.out, taken.err]).toEqual([2, '', expect.stringMatching(/--mayastor-port.*free port/)]);
    await once(other.close(), 'close');
    const sandbox = await start(args);
    expect(urlIn(sandbox)).toBe(`http://127.0.0.1:${port}/v0`);
    await stop(sandbox);
  });

  interface Listed {
    spec: { uuid: string; num_replicas: number };
    state: { target?: object; replica_topology: Record<string, Record<string, unknown>> };
  }

  /** Asks for one replica more of a volume; returns the states of its replicas for as long as `look` wants to see them. */
  async function grow(sandbox: Sandbox, look: (states: Record<string, unknown>[]) => boolean): Promise<void> {
    const listed = await (await fetch(`${urlIn(sandbox)}/volumes?max_entries=0`)).json();
    const { spec } = (listed as { entries: Listed[] }).entries.find(({ state }) => state.target !== undefined)!;
    const volume = `${urlIn(sandbox)}/volumes/${spec.uuid}`;
    expect((await fetch(`${volume}/replica_count/${spec.num_replicas + 1}`, { method: 'PUT' })).status).toBe(200);
    for (;;) {
      const { state } = (await (await fetch(volume)).json()) as Listed;
      if (look(Object.values(state.replica_topology))) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const isRebuilding = (states: Record<string, unknown>[]): boolean =>
    states.some((state) => state['child-status'] !== 'Online' || 'rebuild-progress' in state);

  // observes: --staleness, --rebuild-rate
  it.each([
    ['for long', '10m', '1Ti'],
    ['for long', '0s', '1Mi'],
    ['for a moment only', '0s', '1Ti'],
  ])('shows %s that a replica is being rebuilt with a staleness of %s and %s a second', async (span, ...values) => {
    const flags = [`--staleness=${values[0]}`, `--rebuild-rate=${values[1]}`];
    const sandbox = await start(['--mayastor-release', '2.10', '--mayastor-port', '0', ...flags]);
    let looks = 0;
    await grow(sandbox, (states) => {
      if (span === 'for long') expect(isRebuilding(states)).toBe(true);
      looks += 1;
      return span === 'for long' ? looks > 15 : !isRebuilding(states);
    });
    await stop(sandbox);
  });

  // observes: --control-port
  it('is controlled on a port of its own, if that is asked for', async () => {
    const args = ['--mayastor-release', '2.10', '--mayastor-port', '0'];
    const without = await start(args);
    expect(without.ready).not.toContain('control');
    await stop(without);
    const sandbox = await start([...args, '--control-port', '0']);
    const url = /^ready: control (\S+)$/m.exec(sandbox.ready)?.[1] ?? '';
    expect(await (await fetch(`${url}/safety`)).json()).toEqual({ violations: [] });
    const port = new URL(url).port;
    const taken = await outcome([
      '--port',
      '0',
      '--kubeconfig',
      join(directory, 'third'),
      ...args,
      '--control-port',
      port,
    ]);
    expect([taken.code, taken.err]).toEqual([2, expect.stringMatching(/--control-port.*EADDRINUSE.*free port/)]);
    await stop(sandbox);
    const useless = await outcome(['--control-port', '0']);
    expect([useless.code, useless.err]).toEqual([2, expect.stringMatching(/--control-port.*--mayastor-release/)]);
  });

  // observes: --exporter-targets
  it('writes where its exporters are, for Prometheus to read', async () => {
    const file = join(directory, 'targets.json');
    const args = ['--mayastor-release', '2.10', '--mayastor-port', '0', '--exporter-targets', file];
    const sandbox = await start(args);
    const groups = JSON.parse(readFileSync(file, 'utf8')) as { targets: string[]; labels: Record<string, string> }[];
    expect(groups).toHaveLength(9);
    for (const { targets, labels } of groups) {
      const url = `http://${targets[0]}/metrics`;
      expect(sandbox.ready).toContain(url);
      const node = labels.kubernetes_node;
      expect(await (await fetch(url)).text()).toContain(`diskpool_status{name="`);
      expect(await (await fetch(url)).text()).toContain(`node="${node}"`);
    }
    await stop(sandbox);
    const useless = await outcome(['--exporter-targets', join(directory, 'useless.json')]);
    expect([useless.code, useless.err]).toEqual([2, expect.stringMatching(/--exporter-targets.*--mayastor-release/)]);
    expect(existsSync(join(directory, 'useless.json'))).toBe(false);
  });

  it('is the same after a restart on a data directory, and refuses one of another release', async () => {
    const args = ['--mayastor-port', '0', '--data-dir', join(directory, 'mayastor'), '--mayastor-release'];
    const names = async (): Promise<string[]> => {
      const sandbox = await start([...args, '2.7']);
      const { items } = (await call(sandbox, 'GET', volumes)).body;
      await stop(sandbox);
      return items.map(({ metadata }) => metadata.name);
    };
    const before = await names();
    expect(before).toHaveLength(24);
    expect(await names()).toEqual(before);
    const { code, err } = await outcome(['--port', '0', '--kubeconfig', join(directory, 'other'), ...args, '2.10']);
    expect([code, err]).toEqual([2, expect.stringMatching(/--mayastor-release.*another --data-dir/)]);
  });
});
