import { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import { expect, it } from '@jest/globals';
import type { OpenEbsListing, OpenEbsResource } from '../../ports/openebs-objects.ts';
import { RememberedObjects } from './remembered-objects.ts';

const { signal } = new AbortController();

function remembered(answer: (resource: OpenEbsResource, count: number) => OpenEbsListing): {
  clock: VirtualClock;
  objects: RememberedObjects;
  asked: OpenEbsResource[];
} {
  const clock = new VirtualClock();
  const asked: OpenEbsResource[] = [];
  const list = (resource: OpenEbsResource): Promise<OpenEbsListing> => {
    asked.push(resource);
    return new Promise((resolve) => resolve(answer(resource, asked.length)));
  };
  return { clock, objects: new RememberedObjects({ objects: { list }, clock, maxAgeMs: 10_000 }), asked };
}

it('asks again once what it knows is too old, and for each resource by itself', async () => {
  const { clock, objects, asked } = remembered(() => ({ kind: 'notServed' }));
  await objects.list('diskpools', signal);
  await clock.advance(9_999);
  expect(await objects.list('diskpools', signal)).toEqual({ kind: 'notServed' });
  expect(asked).toEqual(['diskpools']);
  await objects.list('deployments', signal);
  await clock.advance(1);
  await objects.list('diskpools', signal);
  expect(asked).toEqual(['diskpools', 'deployments', 'diskpools']);
});

it('does not remember a failure', async () => {
  const { objects } = remembered((_, count) => {
    if (count === 1) throw new CoucheStorError('unavailable', 'Not now.');
    return { kind: 'listed', objects: [] };
  });
  await expect(objects.list('diskpools', signal)).rejects.toThrow('Not now.');
  expect(await objects.list('diskpools', signal)).toEqual({ kind: 'listed', objects: [] });
});
