import { beforeEach, describe, expect, it } from '@jest/globals';
import { realClock, type Clock } from '@couchestor/common/base';
import { FakeKubeApi } from './fake-kube-api.ts';
import { KubeClient } from './kube-client.ts';
import { isRecord, type KubeObject } from './kube-object.ts';
import type { Entry } from './object-cache.ts';
import { OPERATION_ANNOTATION, ResourceStore } from './resource-store.ts';

const widgets = { group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' };
const collection = '/apis/example.com/v1/widgets';
/** Does not wait, so that retries are instant; deadlines never come. */
const hasty: Clock = { ...realClock, sleep: () => Promise.resolve(), setTimer: () => ({ cancel: () => undefined }) };

const countOf = (raw: KubeObject): number => {
  const status = isRecord(raw.status) ? raw.status : {};
  return Number(status.count ?? 0);
};

let api: FakeKubeApi;
let store: ResourceStore<number>;
const put = (name: string, fields: object = {}): KubeObject =>
  api.put(collection, { metadata: { name }, spec: {}, ...fields });
const stored = (name: string): KubeObject | undefined => api.object(collection, name);
const raise = (entry: Entry<number>): object | undefined => (entry.value >= 1 ? undefined : { count: entry.value + 1 });
const writes = (): string[] => api.verbs().filter((verb) => verb !== 'get');

beforeEach(() => {
  api = new FakeKubeApi();
  const client = new KubeClient({ transport: api, clock: hasty, requestsPerSecond: 1e6, burst: 1e6 });
  store = new ResourceStore({ client, resource: widgets, decode: countOf, attempts: 3 });
  put('a');
});

describe('ResourceStore.get', () => {
  it('reads through passing faults, and tells absent from replaced', async () => {
    api.fault({ kind: 'status', code: 500 });
    api.fault({ kind: 'reset', sent: true });
    const { uid } = stored('a')!.metadata;
    expect(await store.get({ name: 'a', uid })).toMatchObject({ kind: 'found', entry: { key: 'a', value: 0 } });
    expect(await store.get({ name: 'a', uid: 'other' })).toMatchObject({ kind: 'replaced' });
    expect(await store.get({ name: 'none' })).toEqual({ kind: 'absent' });
  });

  it('does not sit out a long Retry-After of a write, the caller does', async () => {
    api.fault({ kind: 'status', code: 429, retryAfterSeconds: 20 }, { verb: 'update' });
    const { uid } = stored('a')!.metadata;
    await expect(store.updateStatus({ name: 'a', uid }, raise)).rejects.toMatchObject({
      code: 'tooManyRequests',
      fields: { retryAfterMs: 20_000 },
    });
    expect(writes()).toHaveLength(1);
  });

  it('gives up after the attempts it has', async () => {
    api.fault({ kind: 'status', code: 503 }, { times: 3 });
    await expect(store.get({ name: 'a' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(api.verbs()).toHaveLength(3);
  });
});

describe('ResourceStore.updateStatus', () => {
  it('writes what the change makes of the current state, and nothing when there is nothing to change', async () => {
    expect(await store.updateStatus({ name: 'a' }, raise)).toMatchObject({ kind: 'written', entry: { value: 1 } });
    expect(await store.updateStatus({ name: 'a' }, raise)).toMatchObject({ kind: 'unchanged' });
    expect(writes()).toEqual(['update']);
    expect(stored('a')!.spec).toEqual({});
  });

  it('decides again on fresh state after every conflict', async () => {
    const inputs: number[] = [];
    const other = (count: number) => ({ kind: 'before', run: () => void put('a', { status: { count } }) }) as const;
    api.fault(other(10), { verb: 'update' });
    api.fault(other(20), { verb: 'update' });
    const result = await store.updateStatus({ name: 'a' }, ({ value }) => {
      inputs.push(value);
      return { count: value + 1 };
    });
    expect(inputs).toEqual([0, 10, 20]);
    expect(result).toMatchObject({ kind: 'written', entry: { value: 21 } });
  });

  it('lets the guard stop it after a conflict', async () => {
    api.fault({ kind: 'before', run: () => void put('a', { status: { count: 7 } }) }, { verb: 'update' });
    expect(await store.updateStatus({ name: 'a' }, raise)).toMatchObject({ kind: 'unchanged', entry: { value: 7 } });
  });

  it('reports a conflict that does not end', async () => {
    const contend = { kind: 'before', run: () => void put('a') } as const;
    api.fault(contend, { verb: 'update', times: Infinity });
    await expect(store.updateStatus({ name: 'a' }, raise)).rejects.toMatchObject({ code: 'conflict' });
    expect(writes()).toHaveLength(3);
  });

  it('reads back a write whose answer was lost, without writing again', async () => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'update' });
    const result = await store.updateStatus({ name: 'a' }, ({ value }) => ({ count: value + 1 }));
    expect(result).toMatchObject({ kind: 'written', entry: { value: 1 } });
    expect(writes()).toEqual(['update']);
  });

  it('reads back a lost answer even after the last attempt', async () => {
    api.fault({ kind: 'reset', sent: false }, { verb: 'update', times: 2 });
    api.fault({ kind: 'lostAnswer' }, { verb: 'update' });
    expect(await store.updateStatus({ name: 'a' }, raise)).toMatchObject({ kind: 'written' });
  });

  it('writes again when the lost request had no effect', async () => {
    api.fault({ kind: 'reset', sent: true }, { verb: 'update' });
    api.fault({ kind: 'status', code: 504 }, { verb: 'update' });
    expect(await store.updateStatus({ name: 'a' }, raise)).toMatchObject({ kind: 'written', entry: { value: 1 } });
    expect(writes()).toHaveLength(3);
  });

  it('recognises a lost write that took effect only after it was looked for', async () => {
    api.fault({ kind: 'reset', sent: true }, { verb: 'update' });
    api.fault({ kind: 'before', run: () => void put('a', { status: { count: 1 } }) }, { verb: 'update' });
    const result = await store.updateStatus({ name: 'a' }, ({ value }) => ({ count: value + 1 }));
    expect(result).toMatchObject({ kind: 'written', entry: { value: 1 } });
    expect(writes()).toHaveLength(2);
  });

  it('decides again when somebody else wrote after the lost write', async () => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'update' });
    api.fault({ kind: 'before', run: () => undefined }, { verb: 'get' });
    api.fault({ kind: 'before', run: () => void put('a', { status: { count: 5 } }) }, { verb: 'get' });
    const inputs: number[] = [];
    await store.updateStatus({ name: 'a' }, ({ value }) => {
      inputs.push(value);
      return { count: value + 1 };
    });
    expect(inputs).toEqual([0, 5]);
    expect(countOf(stored('a')!)).toBe(6);
  });

  it('throws the error when it stays unknown', async () => {
    api.fault({ kind: 'status', code: 500 }, { verb: 'update', times: Infinity });
    await expect(store.updateStatus({ name: 'a' }, raise)).rejects.toMatchObject({ code: 'unavailable' });
    expect(writes()).toHaveLength(3);
  });

  it('does not write to an object that was deleted and made again during the decision', async () => {
    const recreate = (): void => {
      api.remove(collection, 'a');
      put('a');
    };
    api.fault({ kind: 'before', run: recreate }, { verb: 'update' });
    expect(await store.updateStatus({ name: 'a' }, raise)).toMatchObject({ kind: 'replaced' });
    expect(countOf(stored('a')!)).toBe(0);
    api.fault({ kind: 'before', run: () => api.remove(collection, 'a') }, { verb: 'update' });
    expect(await store.updateStatus({ name: 'a' }, raise)).toEqual({ kind: 'absent' });
  });

  it('gives up at once on what no repetition mends', async () => {
    api.fault({ kind: 'status', code: 422 }, { verb: 'update' });
    await expect(store.updateStatus({ name: 'a' }, raise)).rejects.toMatchObject({ code: 'invalid' });
    api.fault({ kind: 'status', code: 403 }, { verb: 'update' });
    await expect(store.updateStatus({ name: 'a' }, raise)).rejects.toMatchObject({ code: 'forbidden' });
    expect(writes()).toHaveLength(2);
  });
});

describe('ResourceStore.create', () => {
  const object = { metadata: { name: 'new' }, spec: { size: 1 } };

  it('fills in kind and version, and marks its operation', async () => {
    await store.create(object, { operationId: 'op-1' });
    expect(stored('new')).toMatchObject({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { annotations: { [OPERATION_ANNOTATION]: 'op-1' } },
    });
  });

  it.each([1, 3])('recognises its own object after %d lost answers', async (times) => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'create', times });
    expect((await store.create(object)).raw.metadata.uid).toBe(stored('new')!.metadata.uid);
  });

  it('recognises after a restart what the same operation made before', async () => {
    await store.create(object, { operationId: 'op-1' });
    expect((await store.create(object, { operationId: 'op-1' })).key).toBe('new');
    await expect(store.create(object, { operationId: 'op-2' })).rejects.toMatchObject({ code: 'alreadyExists' });
  });

  it('throws when the outcome stays unknown and nothing is there', async () => {
    api.fault({ kind: 'status', code: 500 }, { verb: 'create', times: 3 });
    await expect(store.create(object)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('ResourceStore.patch', () => {
  const finalizer = (entry: Entry<number>): Record<string, unknown> | undefined => {
    const present = entry.raw.metadata.finalizers ?? [];
    return present.includes('x') ? undefined : { metadata: { finalizers: [...present, 'x'] } };
  };

  it('patches only the version that the change saw', async () => {
    api.fault(
      { kind: 'before', run: () => void api.put(collection, { metadata: { name: 'a', finalizers: ['y'] } }) },
      { verb: 'patch' },
    );
    expect(await store.patch({ name: 'a' }, finalizer)).toMatchObject({ kind: 'written' });
    expect(stored('a')!.metadata.finalizers).toEqual(['y', 'x']);
  });

  it('reads back a lost answer', async () => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'patch' });
    expect(await store.patch({ name: 'a' }, finalizer)).toMatchObject({ kind: 'written' });
    expect(writes()).toEqual(['patch']);
  });
});

describe('ResourceStore.delete', () => {
  it('deletes only the incarnation and version it was asked to', async () => {
    const { uid, resourceVersion } = stored('a')!.metadata;
    put('a');
    await expect(store.delete({ name: 'a', uid, resourceVersion })).rejects.toMatchObject({ code: 'conflict' });
    api.remove(collection, 'a');
    put('a');
    expect(await store.delete({ name: 'a', uid })).toMatchObject({ kind: 'replaced' });
    expect(stored('a')).toBeDefined();
  });

  it('gives up after the attempts it has', async () => {
    const { uid } = stored('a')!.metadata;
    api.fault({ kind: 'status', code: 500 }, { verb: 'delete', times: Infinity });
    await expect(store.delete({ name: 'a', uid })).rejects.toMatchObject({ code: 'unavailable' });
    expect(writes()).toHaveLength(3);
  });

  it('finds out about a lost answer', async () => {
    const { uid } = stored('a')!.metadata;
    api.fault({ kind: 'lostAnswer' }, { verb: 'delete' });
    expect(await store.delete({ name: 'a', uid })).toEqual({ kind: 'deleted' });
    expect(await store.delete({ name: 'a', uid })).toEqual({ kind: 'deleted' });
    expect(writes()).toHaveLength(2);
  });

  it('does not wait for a finalizer whose owner is dead, and completes when it is taken away', async () => {
    const { uid } = api.put(collection, { metadata: { name: 'held', finalizers: ['agent'] } }).metadata;
    expect(await store.delete({ name: 'held', uid })).toMatchObject({ kind: 'terminating' });
    api.fault({ kind: 'lostAnswer' }, { verb: 'delete' });
    expect(await store.delete({ name: 'held', uid })).toMatchObject({ kind: 'terminating' });
    await store.patch({ name: 'held', uid }, () => ({ metadata: { finalizers: [] } }));
    expect(await store.get({ name: 'held' })).toEqual({ kind: 'absent' });
  });
});
