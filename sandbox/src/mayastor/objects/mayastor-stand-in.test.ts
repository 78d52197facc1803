import { VirtualClock } from '@couchestor/common/base';
import { expect, it } from '@jest/globals';
import type { KubeApiServer } from '../../kube/index.ts';
import { serversOf } from '../listening.fixture.ts';
import { MayastorStandIn } from './mayastor-stand-in.ts';

it('a start that fails leaves nothing running: neither REST, nor exporters, nor timers', async () => {
  const clock = new VirtualClock();
  const refuse = (): never => {
    throw new Error('the API refuses');
  };
  const kube = { store: {}, apply: refuse } as unknown as KubeApiServer;
  const start = (): Promise<MayastorStandIn> => MayastorStandIn.start({ kube, clock, release: '2.10' });
  const { started, listening } = await serversOf(() => expect(start()).rejects.toThrow('the API refuses'));
  expect(started).toBeGreaterThan(2);
  expect(listening).toBe(0);
  expect(clock.pendingTimerCount).toBe(0);
});
