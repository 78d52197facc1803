/** The process as it is started: every flag, and what survives kill -9. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface Sandbox {
  child: ChildProcessByStdio<null, Readable, Readable>;
  /** Standard output. */
  ready: string;
  kubeconfig: string;
  /** All of standard error so far. */
  log: () => string;
}

const main = join(import.meta.dirname, 'main.ts');
let directory = '';
let count = 0;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'couchestor-sandbox-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Sandbox['child'] {
  const options = {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'] as const,
    cwd: directory,
  };
  return spawn(process.execPath, ['--no-warnings', main, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function outcome(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = run(args, env);
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...texts };
}

/** Starts on a free port, unless the arguments say otherwise. */
async function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Sandbox> {
  const kubeconfig = join(directory, `kubeconfig-${(count += 1)}`);
  const child = run(['--port', '0', '--kubeconfig', kubeconfig, ...args], env);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  // All lines come at once, when everything is ready.
  const [ready] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ready: ready.toString(), kubeconfig, log: () => log };
}

async function stop({ child }: Sandbox, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  child.kill(signal);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

interface Reply {
  code: number;
  body: { metadata: { resourceVersion: string }; items: { metadata: { name: string; resourceVersion: string } }[] };
}

/** A request as the administrator of the kubeconfig. */
function call({ kubeconfig }: Sandbox, method: string, path: string, body?: object): Promise<Reply> {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const { cluster } = config.clusters[0]!;
  const { user } = config.users[0]!;
  const pem = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
  const credentials = {
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, cluster.server), { method, agent: false, ...credentials }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text) as Reply['body'] }));
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('couchestor-sandbox', () => {
  // observes: --kubeconfig
  it('says in one line that it is ready, writes a private kubeconfig, and ends on SIGTERM', async () => {
    const sandbox = await start();
    expect(sandbox.ready).toMatch(/^ready: https:\/\/127\.0\.0\.1:\d+ kubeconfig \/\S+\n$/);
    expect(sandbox.ready).toContain(sandbox.kubeconfig);
    expect(statSync(sandbox.kubeconfig).mode & 0o777).toBe(0o600);
    expect((await call(sandbox, 'GET', '/api/v1/nodes')).code).toBe(200);
    expect(await stop(sandbox)).toBe(0);
  });

  it('prints its options and its version', async () => {
    const help = await outcome(['--help']);
    expect([help.code, help.out]).toEqual([0, expect.stringMatching(/Usage: couchestor-sandbox[^]*--data-dir/)]);
    expect((await outcome(['--version'])).out).toMatch(/^couchestor-sandbox \d+\.\d+\.\d+\n$/);
  });

  it('lists every problem of its configuration at once', async () => {
    const { code, out, err } = await outcome(['--port', 'x', '--log-level', 'loud', '--nonsense']);
    expect([code, out, err.trim().split('\n').length]).toEqual([2, '', 3]);
  });

  it.each([
    ['crds', 'give directories of YAML files'],
    ['kubeconfig', 'give a file in a directory that exists'],
    ['exporter-targets', 'give a file in a directory that exists'],
  ])('says of --%s what is wrong with it, and starts nothing', async (flag, remedy) => {
    const dataDir = join(directory, 'untouched');
    const args = ['--port', '0', '--data-dir', dataDir, '--kubeconfig', join(directory, 'kubeconfig')];
    args.push('--mayastor-release', '2.10', '--mayastor-port', '0');
    const { code, out, err } = await outcome([...args, `--${flag}`, join(directory, 'none', 'there')]);
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(`flag --${flag}: ENOENT`)]);
    expect(err).toContain(remedy);
    expect(existsSync(dataDir)).toBe(false);
  });

  it('applies nothing of a directory with a file that is not YAML', async () => {
    const folder = join(directory, 'broken');
    mkdirSync(folder);
    writeFileSync(join(folder, 'crd.yaml'), 'kind: [unclosed\n');
    const { code, err } = await outcome(['--port', '0', '--kubeconfig', join(directory, 'none'), '--crds', folder]);
    expect([code, err]).toEqual([2, expect.stringMatching(/flag --crds: .*crd\.yaml: .*line 2/)]);
    expect(existsSync(join(directory, 'none'))).toBe(false);
  });

  // observes: --port
  it('listens where it is told', async () => {
    const first = await start(['--host', 'localhost']);
    const { port } = new URL(first.ready.split(' ')[1] ?? '');
    await stop(first);
    const second = await start(['--port', port]);
    expect(second.ready).toContain(`:${port} `);
    const taken = await outcome(['--port', port, '--kubeconfig', join(directory, 'taken')]);
    expect([taken.code, taken.err]).toEqual([2, expect.stringContaining('EADDRINUSE')]);
    await stop(second);
  });

  // observes: --host, --allow-remote
  it('listens to other machines only when that is meant', async () => {
    const refused = await outcome(['--host', '0.0.0.0']);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('add --allow-remote')]);
    const sandbox = await start(['--host', '0.0.0.0', '--allow-remote']);
    expect(sandbox.ready).toContain('https://0.0.0.0:');
    await stop(sandbox);
  });

  // observes: --crds
  it('applies definitions on start', async () => {
    const folders = ['one', 'two'].map((name) => join(directory, name));
    for (const [index, folder] of folders.entries()) {
      const kind = ['Widget', 'Gadget'][index];
      const plural = `${String(kind).toLowerCase()}s`;
      const schema = { openAPIV3Schema: { type: 'object' } };
      const versions = [{ name: 'v1', served: true, storage: true, schema }];
      const spec = { group: 'example.com', scope: 'Cluster', names: { plural, kind }, versions };
      const definition = { metadata: { name: `${plural}.example.com` }, spec };
      const object = { apiVersion: 'example.com/v1', kind, metadata: { name: 'first' } };
      const type = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
      mkdirSync(folder);
      const documents = [{ ...type, ...definition }, object].map((document) => JSON.stringify(document));
      writeFileSync(join(folder, 'all.yaml'), documents.join('\n---\n'));
      writeFileSync(join(folder, 'README.md'), 'not a manifest');
    }
    const sandbox = await start(['--crds', folders.join(',')]);
    for (const plural of ['widgets', 'gadgets']) {
      expect((await call(sandbox, 'GET', `/apis/example.com/v1/${plural}/first`)).code).toBe(200);
    }
    await stop(sandbox);
    const missing = await outcome(['--port', '0', '--crds', join(directory, 'three')]);
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('three')]);
  });

  // observes: --log-level, LOG_LEVEL, --log-json
  it('logs as much as it is told, as it is told', async () => {
    const logOf = async (args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
      const sandbox = await start(args, env);
      await stop(sandbox);
      return sandbox.log();
    };
    expect(await logOf([])).toMatch(/INFO.*stopping/);
    expect(await logOf(['--log-json'])).toMatch(/^\{.*"msg":"stopping"/);
    expect(await logOf(['--log-level', 'error'])).toBe('');
    expect(await logOf([], { LOG_LEVEL: 'error' })).toBe('');
    expect(await logOf(['--log-level', 'info'], { LOG_LEVEL: 'error' })).toMatch(/stopping/);
  });
});

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
    { staleness: '10m', 'rebuild-rate': '1Ti' },
    { staleness: '0s', 'rebuild-rate': '1Mi' },
  ])('shows for long that a replica is being rebuilt with %j', async (flags) => {
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    const sandbox = await start(['--mayastor-release', '2.10', '--mayastor-port', '0', ...args]);
    let looks = 0;
    await grow(sandbox, (states) => {
      expect(isRebuilding(states)).toBe(true);
      looks += 1;
      return looks > 15;
    });
    await stop(sandbox);
  });

  it('shows soon that a replica was rebuilt where answers are fresh and rebuilds are fast', async () => {
    const args = ['--staleness', '0s', '--rebuild-rate', '1Ti'];
    const sandbox = await start(['--mayastor-release', '2.10', '--mayastor-port', '0', ...args]);
    await grow(sandbox, (states) => !isRebuilding(states));
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

describe('a data directory', () => {
  // observes: --data-dir
  it('holds every acknowledged write after kill -9, with the same revisions and credentials', async () => {
    const dataDir = join(directory, 'data');
    const acknowledged = new Map<string, string>();
    let deleted = 0;
    for (const round of [1, 2, 3]) {
      const sandbox = await start(['--data-dir', dataDir]);
      const listed = await call(sandbox, 'GET', configMaps);
      const found = new Map(listed.body.items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
      for (const [name, version] of acknowledged) expect([name, found.get(name)]).toEqual([name, version]);
      // Beyond what was acknowledged there may be the writes that were under way.
      expect(found.size - acknowledged.size).toBeLessThanOrEqual(4);
      const revisions = [...acknowledged.values()].map(Number);
      expect(Number(listed.body.metadata.resourceVersion)).toBeGreaterThanOrEqual(Math.max(0, ...revisions));
      acknowledged.clear();
      for (const [name, version] of found) acknowledged.set(name, version);

      const writer = async (id: number): Promise<void> => {
        for (let index = 0; ; index++) {
          const name = `r${round}-w${id}-${index}`;
          const { code, body } = await call(sandbox, 'POST', configMaps, { metadata: { name }, data: { name } });
          if (code === 201) acknowledged.set(name, body.metadata.resourceVersion);
          if (index % 5 !== 4) continue;
          const victim = `r${round}-w${id}-${index - 2}`;
          acknowledged.delete(victim);
          deleted += (await call(sandbox, 'DELETE', `${configMaps}/${victim}`)).code === 200 ? 1 : 0;
        }
      };
      const writers = [1, 2, 3, 4].map((id) => expect(writer(id)).rejects.toThrow());
      const enough = acknowledged.size + 40;
      while (acknowledged.size < enough) await new Promise((resolve) => setTimeout(resolve, 5));
      await stop(sandbox, 'SIGKILL');
      await Promise.all(writers);
    }
    expect(deleted).toBeGreaterThan(0);
    const last = await start(['--data-dir', dataDir]);
    const listed = await call(last, 'GET', configMaps);
    const found = new Set(listed.body.items.map(({ metadata }) => metadata.name));
    for (const name of acknowledged.keys()) expect(found).toContain(name);
    const second = await outcome(['--port', '0', '--data-dir', dataDir]);
    expect([second.code, second.err]).toEqual([2, expect.stringContaining('locked')]);
    await stop(last);
    const inMemory = await start();
    expect((await call(inMemory, 'GET', configMaps)).body.items).toEqual([]);
    await stop(inMemory);
  }, 60_000);
});
