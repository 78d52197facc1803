import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from './fake-kube-api.ts';
import type { FakeWatch } from './fake-watch.ts';
import { KubeClient } from './kube-client.ts';
import { ResourceInformer } from './resource-informer.ts';

const widgets = { group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: false };
const collection = '/apis/example.com/v1/widgets';

let api: FakeKubeApi;
let clock: VirtualClock;
let informer: ResourceInformer<string>;
let seen: string[];
let stop: AbortController;
let running: Promise<void>;

function start(options: Partial<ConstructorParameters<typeof ResourceInformer<string>>[0]> = {}): void {
  const client = new KubeClient({ transport: api, clock, requestsPerSecond: 1_000, burst: 1_000 });
  informer = new ResourceInformer({
    client,
    resource: widgets,
    decode: (raw) => String(raw.spec),
    random: () => 0.5,
    timing: {
      livenessMs: 10_000,
      relistMs: 60_000,
      minRelistMs: 100,
      pageSize: 2,
      suspectRetryMs: 1_000,
      staleAfterMs: 30_000,
    },
    guard: { confirmingLists: 3, confirmingMs: 5_000 },
    ...options,
  });
  informer.subscribe(({ type, entry }) => void seen.push(`${type} ${entry.key}=${entry.value}`));
  running = informer.run(stop.signal);
}

const put = (name: string, spec = name): void => void api.put(collection, { metadata: { name }, spec });
const settle = (ms = 0): Promise<void> => clock.advance(ms);
const verbs = (): string[] => api.verbs(/widgets/);
const watch = (): FakeWatch => [...api.watches].at(-1)!;
const known = (): string[] => {
  const snapshot = informer.snapshot();
  return snapshot.kind === 'ok' ? snapshot.entries.map(({ key }) => key).sort() : [`refused: ${snapshot.reason}`];
};

beforeEach(() => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  seen = [];
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await settle();
  await running;
  expect(clock.pendingTimerCount).toBe(0);
  expect(informer.health().state).toBe('stopped');
});

describe('ResourceInformer', () => {
  it('lists in pages, then follows the watch', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) put(name);
    start();
    expect(informer.hasSynced).toBe(false);
    expect(known()).toEqual(['refused: unsynced']);
    await Promise.all([informer.waitForSync(stop.signal), settle()]);
    expect(verbs()).toEqual(['list', 'list', 'list', 'watch']);
    expect(known()).toEqual(['a', 'b', 'c', 'd', 'e']);
    put('a', 'changed');
    api.remove(collection, 'b');
    await settle();
    expect(seen.slice(5)).toEqual(['updated a=changed', 'deleted b=b']);
    expect(informer.lookup('a')).toMatchObject({ kind: 'found', entry: { value: 'changed' } });
    expect(informer.lookup('b')).toEqual({ kind: 'absent' });
    expect(informer.health()).toMatchObject({ state: 'synced', ready: true, objectCount: 4, message: '' });
  });

  it('gives up waiting for the first list when told to', async () => {
    start();
    await expect(informer.waitForSync(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('begins the list again when its pages expire on the way, at last without pages', async () => {
    for (const name of ['a', 'b', 'c']) put(name);
    const expiring = { kind: 'status', code: 410, reason: 'Expired' } as const;
    for (let time = 0; time < 3; time += 1) {
      api.fault({ kind: 'before', run: () => undefined }, { verb: 'list' });
      api.fault(expiring, { verb: 'list' });
    }
    start();
    await settle();
    expect(known()).toEqual(['a', 'b', 'c']);
    expect(api.requests.findLast(({ verb }) => verb === 'list')?.query.has('limit')).toBe(false);
  });

  it('does not follow pages that never end', async () => {
    put('a');
    api.endlessPages = true;
    start();
    await settle(1_000);
    expect(informer.health().failure).toMatchObject({ code: 'corrupt' });
    api.endlessPages = false;
    await settle(60_000);
    expect(known()).toEqual(['a']);
  });

  it('lists again at once after a 410 at connect or in the stream', async () => {
    put('a');
    start();
    await settle();
    watch().send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    put('b');
    await settle();
    expect(known()).toEqual(['a', 'b']);
    api.fault({ kind: 'status', code: 410 }, { verb: 'watch' });
    watch().end();
    put('c');
    await settle();
    await settle(5_000);
    expect(known()).toEqual(['a', 'b', 'c']);
    expect(informer.health().failure).toBeUndefined();
  });

  it('backs off, capped, from a server that says 410 for ever', async () => {
    put('a');
    api.fault({ kind: 'status', code: 410 }, { verb: 'watch', times: Infinity });
    start({ timing: { backoffBaseMs: 100, backoffMaxMs: 1_000, pageSize: 10 } });
    await settle(60_000);
    const lists = verbs().filter((verb) => verb === 'list').length;
    expect(lists).toBeGreaterThan(60);
    expect(lists).toBeLessThan(150);
    api.clearFaults();
    await settle(2_000);
    expect(informer.health().ready).toBe(true);
  });

  it.each([
    ['reset', (w: FakeWatch) => w.break()],
    ['ended by the server', (w: FakeWatch) => w.end()],
    ['broken by a line that is no JSON', (w: FakeWatch) => w.sendText('<html>\n')],
    ['ended by an error event', (w: FakeWatch) => w.send('ERROR', { kind: 'Status', code: 500 })],
  ])('resumes a watch that was %s', async (_, fail) => {
    put('a');
    start();
    await settle();
    put('b');
    await settle();
    fail(watch());
    await settle(5_000);
    put('c');
    await settle();
    expect(known()).toEqual(['a', 'b', 'c']);
    expect(seen.filter((line) => line.startsWith('deleted'))).toEqual([]);
  });

  it('replaces a connection that went silent, and keeps one that only bookmarks keep alive', async () => {
    put('a');
    start();
    await settle();
    api.revision = 500;
    for (let round = 0; round < 5; round += 1) {
      await settle(8_000);
      watch().send('BOOKMARK', { metadata: { resourceVersion: '500' } });
    }
    expect(verbs().filter((verb) => verb === 'watch')).toHaveLength(1);
    watch().silent = true;
    put('b');
    await settle(11_000);
    expect(verbs().filter((verb) => verb === 'watch')).toHaveLength(2);
    expect(api.requests.findLast(({ verb }) => verb === 'watch')?.query.get('resourceVersion')).toBe('500');
  });

  it('waits as long as a 429 asks for', async () => {
    put('a');
    api.fault({ kind: 'status', code: 429, retryAfterSeconds: 20 }, { verb: 'list' });
    start();
    await settle(19_000);
    expect(verbs()).toEqual(['list']);
    expect(informer.health().failure).toMatchObject({ code: 'tooManyRequests' });
    await settle(1_000);
    expect(known()).toEqual(['a']);
  });

  it('outlives a run of server errors with growing pauses', async () => {
    put('a');
    api.fault({ kind: 'status', code: 500 }, { verb: 'list', times: 6 });
    start({ timing: { backoffBaseMs: 1_000, backoffMaxMs: 8_000 } });
    await settle(500 + 1_000 + 2_000 + 4_000 + 4_000);
    expect(verbs()).toHaveLength(6);
    await settle(4_000);
    expect(known()).toEqual(['a']);
  });

  it('says what to do about missing rights and keeps asking slowly', async () => {
    put('a');
    api.fault({ kind: 'status', code: 403, reason: 'Forbidden' }, { verb: 'list', path: /widgets/, times: 3 });
    start({ timing: { deniedRetryMs: 10_000 } });
    await settle();
    expect(informer.health()).toMatchObject({ ready: false, failure: { code: 'forbidden' } });
    expect(informer.health().message).toMatch(/grant the verb "list" on widgets.example.com/);
    await settle(25_000);
    expect(verbs()).toHaveLength(3);
    await settle(10_000);
    expect(informer.health()).toMatchObject({ ready: true, failure: undefined });
  });

  it('ignores duplicates, and asks for a new list when events come out of order', async () => {
    put('a');
    start();
    await settle();
    const [a] = [api.object(collection, 'a')!];
    watch().send('ADDED', a);
    watch().send('MODIFIED', a);
    await settle();
    expect(seen).toEqual(['added a=a']);
    watch().silent = true;
    put('a', 'second');
    const second = api.object(collection, 'a')!;
    put('a', 'third');
    watch().silent = false;
    watch().send('MODIFIED', api.object(collection, 'a')!);
    watch().send('MODIFIED', second);
    await settle(200);
    expect(seen).toEqual(['added a=a', 'updated a=third']);
    expect(verbs()).toEqual(['list', 'watch', 'list', 'watch']);
  });

  it('repairs dropped events at the next periodic list', async () => {
    for (const name of ['a', 'b', 'c']) put(name);
    start();
    await settle();
    watch().silent = true;
    put('a', 'changed');
    put('d');
    api.remove(collection, 'c');
    watch().silent = false;
    for (let round = 0; round < 10; round += 1) {
      watch().send('BOOKMARK', { metadata: { resourceVersion: String(api.revision) } });
      await settle(7_000);
    }
    expect(seen.slice(3).sort()).toEqual(['added d=d', 'deleted c=c', 'updated a=changed']);
  });

  it('does not take a list older than what it has seen', async () => {
    put('a');
    start();
    await settle();
    put('b');
    await settle();
    const revision = api.revision;
    api.revision = 50;
    api.fault({ kind: 'status', code: 410 }, { verb: 'watch' });
    watch().end();
    await settle(1_000);
    expect(known()).toEqual(['a', 'b']);
    expect(informer.health().counts.listsRefused).toBeGreaterThan(0);
    api.revision = revision;
    await settle(2_000);
    expect(informer.health().state).toBe('synced');
    expect(seen).toEqual(['added a=a', 'added b=b']);
  });

  it('shows an object made again under a new uid as deleted and added', async () => {
    put('a');
    put('b');
    put('c');
    start();
    await settle();
    api.remove(collection, 'a', { silently: true });
    put('a', 'again');
    await settle();
    expect(seen.slice(3)).toEqual(['deleted a=a', 'added a=again']);
  });

  it('counts as out of date after a long silence', async () => {
    put('a');
    start();
    await settle();
    api.fault({ kind: 'hang' }, { times: Infinity });
    watch().break();
    await settle(31_000);
    expect(known()).toEqual(['refused: outOfDate']);
    expect(informer.lookup('a')).toMatchObject({ kind: 'refused', reason: 'outOfDate' });
    api.clearFaults();
    await settle(30_000);
    expect(known()).toEqual(['a']);
  });

  it('changes nothing when the wall clock steps by an hour', async () => {
    put('a');
    start();
    await settle();
    for (const hours of [1, -1, -1]) {
      clock.stepWall(hours * 3_600_000);
      await settle(1_000);
      expect(known()).toEqual(['a']);
    }
    expect(verbs()).toEqual(['list', 'watch']);
  });
});

describe('ResourceInformer on an emptied API', () => {
  it('notices it at the next connection, although a watch from the future is silent', async () => {
    for (const name of ['a', 'b', 'c']) put(name);
    start();
    await settle();
    api.wipe();
    await settle(2_000);
    expect(known()).toEqual(['refused: suspect']);
  });

  it('tells nobody of a deletion, refuses snapshots, and waits for an operator when the history is another', async () => {
    for (const name of ['a', 'b', 'c']) put(name);
    start();
    await settle();
    api.wipe();
    api.put('/api/v1/namespaces', { metadata: { name: 'kube-system', uid: 'made-anew' } });
    await settle(10 * 60_000);
    expect(known()).toEqual(['refused: suspect']);
    expect(informer.health()).toMatchObject({
      state: 'suspect',
      ready: false,
      suspicion: { reason: 'clusterChanged' },
    });
    expect(seen.filter((line) => line.startsWith('deleted'))).toEqual([]);
    informer.acceptLoss();
    await settle(1_100);
    expect(seen.slice(3).sort()).toEqual(['deleted a=a', 'deleted b=b', 'deleted c=c']);
    expect(known()).toEqual([]);
  });

  it('is relieved when the objects come back', async () => {
    for (const name of ['a', 'b', 'c']) put(name);
    start();
    await settle();
    const objects = ['a', 'b', 'c'].map((name) => api.object(collection, name)!);
    for (const name of ['a', 'b', 'c']) api.remove(collection, name, { silently: true });
    watch().send('ERROR', { code: 410 });
    await settle(2_000);
    expect(known()).toEqual(['refused: suspect']);
    for (const object of objects) api.put(collection, object);
    await settle(1_100);
    expect(known()).toEqual(['a', 'b', 'c']);
    expect(seen.filter((line) => line.startsWith('deleted'))).toEqual([]);
  });

  it('believes an empty collection on the same cluster after several lists over some time', async () => {
    put('a');
    start();
    await settle();
    api.remove(collection, 'a', { silently: true });
    watch().send('ERROR', { code: 410 });
    await settle(4_000);
    expect(seen).toEqual(['added a=a']);
    await settle(2_000);
    expect(seen).toEqual(['added a=a', 'deleted a=a']);
    expect(known()).toEqual([]);
  });

  it('passes on deletions that the watch reports one by one', async () => {
    for (const name of ['a', 'b']) put(name);
    start();
    await settle();
    for (const name of ['a', 'b']) api.remove(collection, name);
    await settle();
    expect(seen.slice(2)).toEqual(['deleted a=a', 'deleted b=b']);
    expect(known()).toEqual([]);
  });
});
