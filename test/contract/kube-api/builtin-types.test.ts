import { describe, expect, it } from '@jest/globals';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const namespace = await createNamespace(target);
const core = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;

const deployment = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: 'x' } },
    template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...spec,
  },
});

/** Creates a cluster-scoped object that goes when the file is done. */
async function createInCluster(path: string, object: object): Promise<ReturnType<typeof created>> {
  const body = created(await admin.post(path, object));
  target.defer(async () => {
    await admin.delete(`${path}/${body.metadata.name}`);
    await admin.patch(`${path}/${body.metadata.name}`, 'merge', { metadata: { finalizers: null } });
  });
  return body;
}

describe('what is left out is filled in', () => {
  it('of a Deployment', async () => {
    const { spec } = created(await admin.post(`${apps}/deployments`, deployment('filled')));
    expect(spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: { spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30 } },
    });
  });

  it('of a Secret, whose texts become data', async () => {
    const body = created(await admin.post(`${core}/secrets`, { metadata: { name: 's' }, stringData: { a: 'b' } }));
    expect([body.type, body.data, body.stringData]).toEqual(['Opaque', { a: 'Yg==' }, undefined]);
  });

  it('of a claim, a volume and a class', async () => {
    const resources = { requests: { storage: '1Gi' } };
    const claim = { metadata: { name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], resources } };
    const { spec, status } = created(await admin.post(`${core}/persistentvolumeclaims`, claim));
    expect([spec, status]).toMatchObject([{ volumeMode: 'Filesystem' }, { phase: 'Pending' }]);
    const name = target.unique('contract');
    const csi = { driver: 'io.openebs.csi-mayastor', volumeHandle: 'h' };
    const volume = { metadata: { name }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi } };
    expect((await createInCluster('/api/v1/persistentvolumes', volume)).spec).toMatchObject({
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
    });
    const storageClass = { metadata: { name }, provisioner: 'io.openebs.csi-mayastor' };
    expect(await createInCluster('/apis/storage.k8s.io/v1/storageclasses', storageClass)).toMatchObject({
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    });
    await admin.delete(`${core}/persistentvolumeclaims/c`);
    await admin.patch(`${core}/persistentvolumeclaims/c`, 'merge', { metadata: { finalizers: null } });
  });

  it('of a pod', async () => {
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const body = created(await admin.post(`${core}/pods`, pod));
    expect([body.spec, body.status]).toMatchObject([
      { restartPolicy: 'Always', schedulerName: 'default-scheduler' },
      { phase: 'Pending', qosClass: 'BestEffort' },
    ]);
  });
});

describe('what cannot be is refused', () => {
  it('a pod without containers', async () => {
    const { status, body } = await admin.post(`${core}/pods`, { metadata: { name: 'x' }, spec: { containers: [] } });
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    expect(body.details!.causes!.map((cause) => cause.field)).toContain('spec.containers');
  });

  it('a Deployment that would not find its own pods', async () => {
    const lost = deployment('lost', { selector: { matchLabels: { app: 'y' } } });
    const { status, body } = await admin.post(`${apps}/deployments`, lost);
    expect([status, body.details!.causes![0]]).toEqual([
      422,
      {
        reason: 'FieldValueInvalid',
        field: 'spec.template.metadata.labels',
        message: expect.stringMatching(/`selector` does not match template `labels`$/),
      },
    ]);
  });

  it.each([
    ['a number for a text', 'configmaps', { data: { a: 1 } }],
    ['an object for a list', 'pods', { spec: { containers: {} } }],
    ['data that is not base64', 'secrets', { data: { a: '!' } }],
    ['a time that is none', 'events', { involvedObject: {}, firstTimestamp: 'yesterday' }],
  ])('%s, as unreadable', async (_what, resource, content) => {
    const { status, body } = await admin.post(`${core}/${resource}`, { metadata: { name: 'x' }, ...content });
    expect([status, body.reason]).toEqual([400, 'BadRequest']);
  });

  it.each(['2024-01-02T03:04:05Z', '2024-01-02T03:04:05.678Z'])(
    'a Lease whose times are not to the microsecond: %s',
    async (renewTime) => {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
      const { status, body } = await admin.post(path, { metadata: { name: 'coarse' }, spec: { renewTime } });
      expect([status, body.reason]).toEqual([400, 'BadRequest']);
    },
  );
});

describe('what may not change stays', () => {
  it('the type of a Secret', async () => {
    const path = `${core}/secrets`;
    const { metadata } = created(await admin.post(path, { metadata: { generateName: 'fixed-' }, type: 'x.test/a' }));
    const { status, body } = await admin.patch(`${path}/${metadata.name}`, 'merge', { type: 'x.test/b' });
    expect([status, body.details!.causes![0]!.field]).toEqual([422, 'type']);
  });

  it('the selector of a Deployment', async () => {
    created(await admin.post(`${apps}/deployments`, deployment('fixed')));
    const both = { app: 'x', tier: 'y' };
    const change = { spec: { selector: { matchLabels: both }, template: { metadata: { labels: both } } } };
    const { status, body } = await admin.patch(`${apps}/deployments/fixed`, 'merge', change);
    expect([status, body.details!.causes![0]]).toMatchObject([422, { field: 'spec.selector' }]);
    expect(body.message).toContain('field is immutable');
    expect(ok(await admin.get(`${apps}/deployments/fixed`)).metadata.generation).toBe(1);
  });
});
