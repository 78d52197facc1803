import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { Api } from './api.fixture.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'couchestor-server-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const widgets = '/apis/example.com/v1/widgets';
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Cluster',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'one' } };

describe('a server with a data directory', () => {
  it('serves after a restart what it served before; watches from before are too old', async () => {
    const dataDir = join(directory, 'restarted');
    const before = await Api.start({ dataDir });
    before.server.apply([definition, widget]);
    const { body } = await before.call('GET', `${widgets}/one`);
    before.server.apply([{ ...widget, metadata: { name: 'later' } }]);
    await before.stop();
    const after = await Api.start({ dataDir });
    expect((await after.call('GET', `${widgets}/one`)).body).toEqual(body);
    const watch = await after.watch(`${widgets}?watch=true&resourceVersion=${body.metadata.resourceVersion}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    await after.stop();
  });

  it('lets go of the directory when it cannot listen', async () => {
    const dataDir = join(directory, 'freed');
    const other = await Api.start();
    await expect(Api.start({ dataDir, port: Number(new URL(other.server.url).port) })).rejects.toThrow('EADDRINUSE');
    const again = await Api.start({ dataDir });
    await again.stop();
    await again.stop();
    await other.stop();
  });
});

describe('a wiped server', () => {
  it('knows no custom types any more, takes them again, and keeps its users', async () => {
    const api = await Api.start();
    api.server.apply([definition, widget]);
    api.server.wipe();
    expect((await api.call('GET', widgets)).code).toBe(404);
    api.server.apply([definition]);
    expect((await api.call('GET', widgets)).body.items).toEqual([]);
    await api.stop();
  });
});

describe('a kubeconfig', () => {
  it('is for the administrator or, with a token, for anyone', async () => {
    const api = await Api.start({ authorization: 'rbac' });
    const codeFor = async (user?: { username: string; groups: string[] }): Promise<number> => {
      const config = parse(api.server.kubeconfig(user)) as { users: { user: { token: string } }[] };
      const authorization = `Bearer ${config.users[0]!.user.token}`;
      return (await api.call('GET', '/api/v1/nodes', undefined, { authorization })).code;
    };
    expect(await codeFor()).toBe(200);
    expect(await codeFor({ username: 'ann', groups: [] })).toBe(403);
    expect(await codeFor({ username: 'ann', groups: ['system:masters'] })).toBe(200);
    await api.stop();
  });
});
