import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from './fake-kube-api.ts';
import { KubeClient } from './kube-client.ts';
import { KubernetesOpenEbsObjects } from './kubernetes-openebs-objects.ts';

const { signal } = new AbortController();
let api: FakeKubeApi;
let client: KubeClient;

beforeEach(() => {
  api = new FakeKubeApi();
  client = new KubeClient({ transport: api, clock: new VirtualClock() });
});

const poolsAt = (version: string): RegExp => new RegExp(`openebs.io/${version}/`);
const paths = (): string[] => api.requests.map(({ path }) => path);

/** Every version but this one answers 404. */
function serveOnly(served: string): void {
  for (const version of ['v1beta3', 'v1beta2', 'v1beta1', 'v1alpha1']) {
    if (version !== served) api.fault({ kind: 'status', code: 404 }, { path: poolsAt(version), times: 100 });
  }
}

describe('objects of OpenEBS', () => {
  it.each(['v1beta3', 'v1beta2', 'v1beta1', 'v1alpha1'])(
    'are read in %s where that is what is served',
    async (version) => {
      serveOnly(version);
      const metadata = { name: 'pool-a', labels: { media: 'nvme' } };
      const path = `/apis/openebs.io/${version}/namespaces/mayastor/diskpools`;
      api.put(path, { metadata, spec: { node: 'node-a' }, status: { capacity: 1 } });
      const objects = new KubernetesOpenEbsObjects({ client, namespace: 'mayastor' });
      const pool = { name: 'pool-a', labels: { media: 'nvme' }, spec: { node: 'node-a' }, status: { capacity: 1 } };
      expect(await objects.list('diskpools', signal)).toEqual({ kind: 'listed', objects: [pool] });
      api.requests.length = 0;
      await objects.list('diskpools', signal);
      expect(paths()).toEqual([path]);
    },
  );

  it('move on to another version after an upgrade', async () => {
    const objects = new KubernetesOpenEbsObjects({ client });
    serveOnly('v1beta2');
    await objects.list('diskpools', signal);
    api.clearFaults();
    serveOnly('v1beta3');
    api.requests.length = 0;
    expect(await objects.list('diskpools', signal)).toEqual({ kind: 'listed', objects: [] });
    expect(paths()).toEqual(['/apis/openebs.io/v1beta2/diskpools', '/apis/openebs.io/v1beta3/diskpools']);
  });

  it('may be not served, or not be shown', async () => {
    const objects = new KubernetesOpenEbsObjects({ client });
    serveOnly('none');
    expect(await objects.list('diskpools', signal)).toEqual({ kind: 'notServed' });
    api.clearFaults();
    api.fault({ kind: 'status', code: 403, reason: 'Forbidden' }, { path: /mayastorvolumes/ });
    const listing = await objects.list('mayastorvolumes', signal);
    expect(listing).toEqual({ kind: 'forbidden', message: expect.stringContaining('403') });
  });

  it('are an error when the API fails, not an empty list', async () => {
    api.fault({ kind: 'status', code: 500 }, { path: /deployments/ });
    const objects = new KubernetesOpenEbsObjects({ client });
    await expect(objects.list('deployments', signal)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('are read page by page, and refused when the pages do not end', async () => {
    const objects = new KubernetesOpenEbsObjects({ client: new KubeClient({ transport: api, burst: 2_000 }) });
    const collection = '/apis/openebs.io/v1alpha1/mayastorvolumes';
    for (let index = 0; index < 501; index += 1) api.put(collection, { metadata: { name: `v-${index}` } });
    const listing = await objects.list('mayastorvolumes', signal);
    expect(listing.kind === 'listed' && listing.objects.length).toBe(501);
    api.endlessPages = true;
    api.remove(collection, 'v-0');
    await expect(objects.list('mayastornodes', signal)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('ask only for the Deployments of the control plane', async () => {
    await new KubernetesOpenEbsObjects({ client }).list('deployments', signal);
    expect(api.requests[0]?.query.get('labelSelector')).toBe('app in (agent-core,api-rest)');
  });
});
