/** Faults over real HTTP. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultRule } from './faults.ts';
import { RestFixture } from './rest.fixture.ts';

let api: RestFixture;
let volumeId: string;
beforeEach(async () => {
  api = await RestFixture.start(['a', 'b', 'c']);
  volumeId = api.test.volume(['a']);
});
afterEach(() => api.rest.stop());

const scaleUp = (): Promise<{ status: number; body: unknown }> =>
  api.call('PUT', `/volumes/${volumeId}/replica_count/2`);

function strike(rule: Omit<FaultRule, 'match'>): void {
  api.test.cluster.faults.add({ match: { method: 'PUT', path: /replica_count/ }, ...rule });
}

describe.each([
  ['before', 1],
  ['after', 2],
] as const)('%s the request took effect', (when, replicaCount) => {
  it('a status is answered', async () => {
    strike({ when, effect: { kind: 'status', code: 503 } });
    expect(await scaleUp()).toMatchObject({ status: 503, body: { kind: 'Unavailable' } });
    expect(api.test.view(volumeId).replicas).toHaveLength(replicaCount);
  });

  it.each([
    ['FailedPersist', 507],
    ['CapacityLimitExceeded', 507],
    ['PermissionDenied', 401],
    ['Unauthenticated', 401],
    ['Deleting', 409],
    ['Aborted', 503],
  ] as const)('it is refused as %s with %i', async (error, status) => {
    strike({ when, effect: { kind: 'refusal', error, message: 'not today' } });
    expect(await scaleUp()).toEqual({ status, body: { kind: error, message: 'not today', details: 'not today' } });
    expect(api.test.view(volumeId).replicas).toHaveLength(replicaCount);
  });

  it('the bare text of a proxy is answered', async () => {
    strike({ when, effect: { kind: 'status', code: 502, text: 'bad gateway' } });
    expect(await scaleUp()).toEqual({ status: 502, body: 'bad gateway' });
    expect(api.test.view(volumeId).replicas).toHaveLength(replicaCount);
  });

  it('the connection is reset', async () => {
    strike({ when, effect: { kind: 'reset' } });
    await expect(scaleUp()).rejects.toThrow();
    expect(api.test.view(volumeId).replicas).toHaveLength(replicaCount);
  });

  it('garbage is answered with 200', async () => {
    strike({ when, effect: { kind: 'garbage' } });
    const { status, body } = await scaleUp();
    expect({ status, isText: typeof body }).toEqual({ status: 200, isText: 'string' });
    expect(api.test.view(volumeId).replicas).toHaveLength(replicaCount);
  });
});

it('a request that hangs is never answered, and the server can be stopped all the same', async () => {
  strike({ effect: { kind: 'hang' } });
  const hanging = scaleUp();
  const handled = expect(hanging).rejects.toThrow();
  expect((await api.call('GET', '/nodes')).status).toBe(200);
  await api.rest.stop();
  await handled;
});

it('an answer ends in the middle of its JSON, and the request has taken effect', async () => {
  strike({ effect: { kind: 'truncated' } });
  const { status, body } = await scaleUp();
  expect(status).toBe(200);
  expect(body).toMatch(/^\{"spec":/);
  expect(api.test.view(volumeId).replicas).toHaveLength(2);
});

it.each(['before', 'after'] as const)(
  'an answer is delayed on the clock of the cluster, %s the effect',
  async (when) => {
    strike({ when, effect: { kind: 'delay', ms: 60_000 } });
    const slow = scaleUp();
    let settled = false;
    void slow.finally(() => {
      settled = true;
    });
    while (api.test.clock.pendingTimerCount === 0) await api.call('GET', '/nodes');
    expect(api.test.view(volumeId).replicas).toHaveLength(when === 'before' ? 1 : 2);
    expect(settled).toBe(false);
    await api.test.clock.advance(60_000);
    expect((await slow).status).toBe(200);
  },
);
