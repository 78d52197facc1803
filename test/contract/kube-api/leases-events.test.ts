import { describe, expect, it } from '@jest/globals';
import type { Body } from './harness/body.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const namespace = await createNamespace(target);
const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
const coreEvents = `/api/v1/namespaces/${namespace}/events`;
const newEvents = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
const microTime = '2024-01-02T03:04:05.678901Z';

const lease = (name: string, holderIdentity: string): object => ({
  metadata: { name },
  spec: { holderIdentity, leaseDurationSeconds: 10, acquireTime: microTime, renewTime: microTime, leaseTransitions: 0 },
});

describe('a Lease', () => {
  it('keeps its times to the microsecond', async () => {
    created(await admin.post(leases, lease('precise', 'a')));
    expect(ok(await admin.get(`${leases}/precise`)).spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 10,
      acquireTime: microTime,
      renewTime: microTime,
      leaseTransitions: 0,
    });
  });

  it('has one creator when many try', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => admin.post(leases, lease('raced', `candidate-${index}`))),
    );
    const codes = answers.map(({ status }) => status).sort();
    expect(codes).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    const winner = answers.find(({ status }) => status === 201)!.body;
    expect(ok(await admin.get(`${leases}/raced`)).spec).toEqual(winner.spec);
  });

  it('goes to one of the writers who saw the same state', async () => {
    const before = created(await admin.post(leases, lease('contended', 'old')));
    const take = (holderIdentity: string): object => ({ ...before, spec: { ...before.spec, holderIdentity } });
    const answers = await Promise.all(['a', 'b'].map((holder) => admin.put(`${leases}/contended`, take(holder))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = answers.find(({ status }) => status === 200)!.body;
    const loser = answers.find(({ status }) => status === 409)!.body;
    expect(ok(await admin.get(`${leases}/contended`)).spec).toEqual(winner.spec);
    expect([loser.reason, loser.message]).toEqual([
      'Conflict',
      'Operation cannot be fulfilled on leases.coordination.k8s.io "contended": the object has been modified; ' +
        'please apply your changes to the latest version and try again',
    ]);
  });

  it('loses no renewal when writers retry on conflict', async () => {
    created(await admin.post(leases, lease('counted', 'nobody')));
    const path = `${leases}/counted`;
    const renew = async (holder: string): Promise<void> => {
      for (;;) {
        const current = ok(await admin.get(path));
        const transitions = current.spec!.leaseTransitions as number;
        const spec = { ...current.spec, holderIdentity: holder, leaseTransitions: transitions + 1 };
        if ((await admin.put(path, { ...current, spec })).status === 200) return;
      }
    };
    const writer = async (holder: string): Promise<void> => {
      for (let round = 0; round < 10; round++) await renew(holder);
    };
    await Promise.all([writer('a'), writer('b')]);
    expect(ok(await admin.get(path)).spec!.leaseTransitions).toBe(20);
  });

  it('refuses a duration that is not positive', async () => {
    const body = { metadata: { name: 'wrong' }, spec: { leaseDurationSeconds: 0 } };
    const answer = await admin.post(leases, body);
    expect([answer.status, answer.body.message]).toEqual([
      422,
      expect.stringContaining('spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'),
    ]);
  });
});

describe('an Event', () => {
  const core = (name: string): object => ({
    metadata: { name },
    involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: 'about', namespace, uid: 'u-1' },
    reason: 'Moved',
    message: 'It moved.',
    type: 'Normal',
    source: { component: 'contract' },
    firstTimestamp: '2024-01-02T03:04:05Z',
    lastTimestamp: '2024-01-02T03:05:05Z',
    count: 3,
  });

  const modern = (name: string): object => ({
    metadata: { name },
    regarding: { apiVersion: 'v1', kind: 'ConfigMap', name: 'about', namespace },
    reason: 'Moved',
    note: 'It moved.',
    type: 'Normal',
    action: 'Move',
    eventTime: microTime,
    reportingController: 'contract.test/controller',
    reportingInstance: 'instance-1',
  });

  it('of the core group is read as one of events.k8s.io', async () => {
    created(await admin.post(coreEvents, core('from-core')));
    const body = ok(await admin.get(`${newEvents}/from-core`));
    expect(body).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      regarding: { kind: 'ConfigMap', name: 'about' },
      note: 'It moved.',
      reason: 'Moved',
      deprecatedSource: { component: 'contract' },
      deprecatedFirstTimestamp: '2024-01-02T03:04:05Z',
      deprecatedLastTimestamp: '2024-01-02T03:05:05Z',
      deprecatedCount: 3,
    });
    expect(body).not.toHaveProperty('involvedObject');
  });

  it('of events.k8s.io is read as one of the core group', async () => {
    created(await admin.post(newEvents, modern('from-new')));
    const body = ok(await admin.get(`${coreEvents}/from-new`));
    expect(body).toMatchObject({
      apiVersion: 'v1',
      involvedObject: { kind: 'ConfigMap', name: 'about' },
      message: 'It moved.',
      eventTime: microTime,
      reportingComponent: 'contract.test/controller',
      reportingInstance: 'instance-1',
      action: 'Move',
    });
  });

  it('is one object in both lists and watches', async () => {
    const { metadata } = ok(await admin.get(newEvents));
    const watch = await admin.watch(newEvents, { resourceVersion: metadata.resourceVersion });
    const stored = created(await admin.post(coreEvents, core('one')));
    const seen = (await watch.next())!.object;
    watch.close();
    expect([seen.apiVersion, seen.metadata.uid]).toEqual(['events.k8s.io/v1', stored.metadata.uid]);
    const uids = (body: Body): string[] => body.items.map((item) => item.metadata.uid);
    expect(uids(ok(await admin.get(newEvents)))).toEqual(uids(ok(await admin.get(coreEvents))));
  });

  it('counts on by a patch', async () => {
    created(await admin.post(coreEvents, core('counted')));
    const change = { count: 4, lastTimestamp: '2024-01-02T03:06:05Z' };
    expect(ok(await admin.patch(`${coreEvents}/counted`, 'strategic', change))).toMatchObject(change);
  });
});
