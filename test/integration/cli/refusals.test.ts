/** What a person is told when there is no cluster, or it refuses: what is wrong, what to do, and exit code 1. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse, stringify } from 'yaml';
import { World } from './world.ts';

interface Kubeconfig {
  clusters: { cluster: { server: string } }[];
  users: { user: object }[];
  'current-context'?: string;
}

describe('kubectl couchestor', () => {
  let world: World;
  let bare: World;
  let web: Server;

  beforeAll(async () => {
    [world, bare] = await Promise.all([World.start(), World.start(false)]);
    world.migration('v1-1', { status: { phase: 'Syncing' } });
    web = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    web.close();
    await Promise.all([world.stop(), bare.stop()]);
  });

  const changed = (change: (config: Kubeconfig) => void): string => {
    const config = parse(world.kube.kubeconfig()) as Kubeconfig;
    change(config);
    return stringify(config);
  };
  const refusal = async (args: readonly string[], cli = world.cli): Promise<string> => {
    const { code, out, err } = await cli.run(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    return err;
  };

  it('says where a kubeconfig is missing or cannot be meant', async () => {
    const lost = world.as('lost', '');
    const noCurrent = world.as(
      'no-current',
      changed((config) => delete config['current-context']),
    );
    const [missing, context, empty, none, broken] = await Promise.all([
      refusal(['migrations', '--kubeconfig', '/nowhere/config']),
      refusal(['migrations', '--context', 'prod']),
      refusal(['migrations'], lost),
      refusal(['migrations'], noCurrent),
      refusal(['migrations'], world.as('broken', '{ not: [yaml')),
    ]);
    expect(missing).toBe(
      'error: flag --kubeconfig: there is no kubeconfig /nowhere/config; give --kubeconfig FILE, or set KUBECONFIG.\n',
    );
    expect(context).toBe(
      'error: flag --context: "prod" is no context of the kubeconfig; there are couchestor-sandbox.\n',
    );
    expect(empty).toMatch(/^error: (kubeconfig|KUBECONFIG): /);
    expect(none).toMatch(/^error: kubeconfig: .* names no cluster to talk to; give --context NAME, /);
    expect(broken).toMatch(/^error: KUBECONFIG: .* cannot be read: .*; give a kubeconfig that kubectl accepts\.\n$/);
  }, 60_000);

  it('says what to do about 401, 403, missing definitions, and a server that is not there, slow, or another', async () => {
    const { port } = web.address() as AddressInfo;
    const at = (server: string) => changed((config) => (config.clusters[0]!.cluster = { server }));
    const stranger = world.as(
      'stranger',
      changed((config) => (config.users[0]!.user = { token: 'no-such-token' })),
    );
    const guest = world.as('guest', world.kube.kubeconfig({ username: 'guest', groups: [] }));
    const silent = world.kube.faults.add({ match: { user: 'slow' }, effect: { kind: 'drop' } });
    const slow = world.as('slow', world.kube.kubeconfig({ username: 'slow', groups: ['system:masters'] }));
    const [unknown, list, approve, uninstalled, gone, timeout, other, plain] = await Promise.all([
      refusal(['migrations'], stranger),
      refusal(['migrations'], guest),
      refusal(['cancel', 'v1-1'], guest),
      refusal(['migrations'], bare.cli),
      refusal(['migrations'], world.as('gone', at('https://127.0.0.1:1'))),
      refusal(['migrations', '--request-timeout', '1s'], slow),
      refusal(['migrations'], world.as('other', at(`http://127.0.0.1:${port}`))),
      refusal(['explain', 'v1', '--operator-url', 'http://127.0.0.1:1']),
    ]);
    expect(unknown).toMatch(
      /does not know who you are \(401\): the credentials of user kubernetes-admin .* Log in again/,
    );
    expect(list).toMatch(
      /Not allowed \(403\): .*guest.*Ask for a ClusterRole with the verbs get, list and watch on volumemigrations\.storage/,
    );
    expect(approve).toMatch(/Not allowed \(403\)/);
    expect(uninstalled).toMatch(
      /CustomResourceDefinitions are not installed there\. Install them with kubectl apply -f crds\//,
    );
    expect(gone).toMatch(/^error: https:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.* Is the cluster up/);
    expect([silent.hits > 0, timeout]).toEqual([
      true,
      expect.stringMatching(/did not answer within 1s\. Is the cluster up\?/),
    ]);
    expect(other).toMatch(/answers, but not as a Kubernetes API/);
    expect(plain).toMatch(
      /^error: flag --operator-url: http:\/\/127\.0\.0\.1:1: the operator cannot be reached: .*port-forward/,
    );
  }, 60_000);

  it('changes nothing that it may read but not change', async () => {
    world.kube.apply([
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'reader' },
        rules: [{ apiGroups: ['storage.billyronks.io'], resources: ['volumemigrations'], verbs: ['get'] }],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'reader' }],
      },
    ]);
    const reader = world.as('reader', world.kube.kubeconfig({ username: 'reader', groups: [] }));
    const before = world.get('v1-1').metadata.resourceVersion;
    expect(await refusal(['cancel', 'v1-1'], reader)).toMatch(
      /Not allowed \(403\): .* with the verbs patch on volumemigrations/,
    );
    expect(world.get('v1-1').metadata.resourceVersion).toBe(before);
  }, 60_000);
});
