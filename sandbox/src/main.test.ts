/** The process as it is started: its flags, and what survives kill -9. */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { call, directory, outcome, start, stop } from './main.fixture.ts';

afterAll(() => rmSync(directory, { recursive: true }));

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
