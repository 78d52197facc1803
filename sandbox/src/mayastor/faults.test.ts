import { expect, it } from '@jest/globals';
import { FaultInjector } from './faults.ts';

const reset = { kind: 'reset' } as const;

it('a fault strikes by method and path, from the nth request on, as often as asked', () => {
  const faults = new FaultInjector();
  const handle = faults.add({ match: { method: 'PUT', path: /replica_count/ }, nth: 2, times: 2, effect: reset });
  const strike = (method: string, path: string): boolean => faults.take(method, path) !== undefined;
  expect(strike('GET', '/v0/volumes/x/replica_count/3')).toBe(false);
  expect(strike('PUT', '/v0/volumes/x/target')).toBe(false);
  expect([1, 2, 3, 4].map(() => strike('PUT', '/v0/volumes/x/replica_count/3'))).toEqual([false, true, true, false]);
  expect(handle.hits).toBe(2);
});

it('the first fault that matches is the only one, and the others go on counting', () => {
  const faults = new FaultInjector();
  faults.add({ times: 1, effect: reset });
  faults.add({ nth: 2, effect: { kind: 'hang' }, when: 'after' });
  expect(faults.take('GET', '/')).toEqual({ when: 'before', effect: reset });
  expect(faults.take('GET', '/')).toEqual({ when: 'after', effect: { kind: 'hang' } });
});

it('a fault that is removed strikes no more', () => {
  const faults = new FaultInjector();
  faults.add({ effect: reset }).remove();
  expect(faults.take('GET', '/')).toBeUndefined();
  faults.add({ effect: reset });
  faults.clear();
  expect(faults.take('GET', '/')).toBeUndefined();
});
