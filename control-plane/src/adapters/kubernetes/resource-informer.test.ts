import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import type { FakeWatch } from './fake-watch.ts';
import { InformerStage, WIDGETS } from './informer.fixture.ts';

let stage: InformerStage;

beforeEach(() => {
  stage = new InformerStage();
});

afterEach(async () => {
  expect(await stage.end()).toBe(0);
  expect(stage.informer.health().state).toBe('stopped');
});

describe('ResourceInformer', () => {
  it('lists in pages, then follows the watch', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) stage.put(name);
    stage.start();
    expect(stage.known()).toEqual(['refused: unsynced']);
    await Promise.all([stage.informer.waitForSync(stage.signal), stage.settle()]);
    expect(stage.verbs()).toEqual(['list', 'list', 'list', 'watch']);
    expect(stage.known()).toEqual(['a', 'b', 'c', 'd', 'e']);
    stage.put('a', 'changed');
    stage.api.remove(WIDGETS, 'b');
    await stage.settle();
    expect(stage.seen.slice(5)).toEqual(['updated a=changed', 'deleted b=b']);
    expect(stage.informer.lookup('a')).toMatchObject({ kind: 'found', entry: { value: 'changed' } });
    expect(stage.informer.lookup('b')).toEqual({ kind: 'absent' });
    expect(stage.informer.health()).toMatchObject({ state: 'synced', ready: true, objectCount: 4, message: '' });
  });

  it('gives up waiting for the first list when told to', async () => {
    stage.start();
    await expect(stage.informer.waitForSync(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('begins the list again when its pages expire on the way, at last without pages', async () => {
    for (const name of ['a', 'b', 'c']) stage.put(name);
    const expiring = { kind: 'status', code: 410, reason: 'Expired' } as const;
    for (let time = 0; time < 3; time += 1) {
      stage.api.fault({ kind: 'before', run: () => undefined }, { verb: 'list' });
      stage.api.fault(expiring, { verb: 'list' });
    }
    stage.start();
    await stage.settle();
    expect(stage.known()).toEqual(['a', 'b', 'c']);
    expect(stage.api.requests.findLast(({ verb }) => verb === 'list')?.query.has('limit')).toBe(false);
  });

  it('begins the list again when its pages are of different revisions', async () => {
    for (const name of ['a', 'b', 'c']) stage.put(name);
    stage.api.fault({ kind: 'before', run: () => undefined }, { verb: 'list' });
    stage.api.fault({ kind: 'before', run: () => stage.put('d') }, { verb: 'list' });
    stage.start();
    await stage.settle();
    expect(stage.verbs()).toEqual(['list', 'list', 'list', 'list', 'watch']);
    expect(stage.known()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does not follow pages that never end', async () => {
    stage.put('a');
    stage.api.endlessPages = true;
    stage.start();
    await stage.settle(1_000);
    expect(stage.informer.health().failure).toMatchObject({ code: 'corrupt' });
    stage.api.endlessPages = false;
    await stage.settle(60_000);
    expect(stage.known()).toEqual(['a']);
  });

  it('lists again at once after a 410 at connect or in the stream', async () => {
    stage.put('a');
    stage.start();
    await stage.settle();
    stage.watch().send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    stage.put('b');
    await stage.settle();
    expect(stage.known()).toEqual(['a', 'b']);
    stage.api.fault({ kind: 'status', code: 410 }, { verb: 'watch' });
    stage.watch().end();
    stage.put('c');
    await stage.settle();
    await stage.settle(5_000);
    expect(stage.known()).toEqual(['a', 'b', 'c']);
    expect(stage.informer.health().failure).toBeUndefined();
  });

  it('backs off, capped, from a server that says 410 for ever', async () => {
    stage.put('a');
    stage.api.fault({ kind: 'status', code: 410 }, { verb: 'watch', times: Infinity });
    stage.start({ timing: { backoffBaseMs: 100, backoffMaxMs: 1_000, pageSize: 10 } });
    await stage.settle(60_000);
    const lists = stage.verbs().filter((verb) => verb === 'list').length;
    expect(lists).toBeGreaterThan(60);
    expect(lists).toBeLessThan(150);
    stage.api.clearFaults();
    await stage.settle(2_000);
    expect(stage.informer.health().ready).toBe(true);
  });

  it.each([
    ['reset', (w: FakeWatch) => w.break()],
    ['ended by the server', (w: FakeWatch) => w.end()],
    ['broken by a line that is no JSON', (w: FakeWatch) => w.sendText('<html>\n')],
    ['ended by an error event', (w: FakeWatch) => w.send('ERROR', { kind: 'Status', code: 500 })],
  ])('resumes a watch that was %s', async (_, fail) => {
    stage.put('a');
    stage.start();
    await stage.settle();
    stage.put('b');
    await stage.settle();
    fail(stage.watch());
    await stage.settle(5_000);
    stage.put('c');
    await stage.settle();
    expect(stage.known()).toEqual(['a', 'b', 'c']);
    expect(stage.deletions()).toEqual([]);
  });

  it('replaces a connection that went silent, and keeps one that only bookmarks keep alive', async () => {
    stage.put('a');
    stage.start();
    await stage.settle();
    stage.api.revision = 500;
    for (let round = 0; round < 5; round += 1) {
      await stage.settle(8_000);
      stage.watch().send('BOOKMARK', { metadata: { resourceVersion: '500' } });
    }
    expect(stage.verbs().filter((verb) => verb === 'watch')).toHaveLength(1);
    stage.watch().silent = true;
    stage.put('b');
    await stage.settle(11_000);
    expect(stage.verbs().filter((verb) => verb === 'watch')).toHaveLength(2);
    expect(stage.api.requests.findLast(({ verb }) => verb === 'watch')?.query.get('resourceVersion')).toBe('500');
  });

  it('backs off from watches that end as soon as they begin', async () => {
    stage.put('a');
    stage.start({ timing: { backoffBaseMs: 100, backoffMaxMs: 1_000 } });
    for (let round = 0; round < 1_000; round += 1) {
      await stage.settle(10);
      for (const watch of stage.api.watches) watch.end();
    }
    expect(stage.verbs().filter((verb) => verb === 'watch').length).toBeLessThan(40);
  });

  it('leaves nothing behind on its signal, however many watches it has had', async () => {
    stage.put('a');
    stage.start({ timing: { backoffBaseMs: 10, backoffMaxMs: 10 } });
    await stage.settle();
    const before = getEventListeners(stage.signal, 'abort').length;
    for (let round = 0; round < 20; round += 1) {
      stage.watch().break();
      await stage.settle(20);
    }
    expect(getEventListeners(stage.signal, 'abort').length).toBe(before);
  });

  it('waits as long as a 429 asks for', async () => {
    stage.put('a');
    stage.api.fault({ kind: 'status', code: 429, retryAfterSeconds: 20 }, { verb: 'list' });
    stage.start();
    await stage.settle(19_000);
    expect(stage.verbs()).toEqual(['list']);
    expect(stage.informer.health().failure).toMatchObject({ code: 'tooManyRequests' });
    await stage.settle(1_000);
    expect(stage.known()).toEqual(['a']);
  });

  it('outlives a run of server errors with growing pauses', async () => {
    stage.put('a');
    stage.api.fault({ kind: 'status', code: 500 }, { verb: 'list', times: 6 });
    stage.start({ timing: { backoffBaseMs: 1_000, backoffMaxMs: 8_000 } });
    await stage.settle(500 + 1_000 + 2_000 + 4_000 + 4_000);
    expect(stage.verbs()).toHaveLength(6);
    await stage.settle(4_000);
    expect(stage.known()).toEqual(['a']);
  });

  it('says what to do about missing rights and keeps asking slowly', async () => {
    stage.put('a');
    stage.api.fault({ kind: 'status', code: 403, reason: 'Forbidden' }, { verb: 'list', path: /widgets/, times: 3 });
    stage.start({ timing: { deniedRetryMs: 10_000 } });
    await stage.settle();
    expect(stage.informer.health()).toMatchObject({ ready: false, failure: { code: 'forbidden' } });
    expect(stage.informer.health().message).toMatch(/grant the verb "list" on widgets.example.com/);
    await stage.settle(25_000);
    expect(stage.verbs()).toHaveLength(3);
    await stage.settle(10_000);
    expect(stage.informer.health()).toMatchObject({ ready: true, failure: undefined });
  });

  it('ignores duplicates, and asks for a new list when events come out of order', async () => {
    stage.put('a');
    stage.start();
    await stage.settle();
    const [a] = [stage.api.object(WIDGETS, 'a')!];
    stage.watch().send('ADDED', a);
    stage.watch().send('MODIFIED', a);
    await stage.settle();
    expect(stage.seen).toEqual(['added a=a']);
    stage.watch().silent = true;
    stage.put('a', 'second');
    const second = stage.api.object(WIDGETS, 'a')!;
    stage.put('a', 'third');
    stage.watch().silent = false;
    stage.watch().send('MODIFIED', stage.api.object(WIDGETS, 'a')!);
    stage.watch().send('MODIFIED', second);
    await stage.settle(200);
    expect(stage.seen).toEqual(['added a=a', 'updated a=third']);
    expect(stage.verbs()).toEqual(['list', 'watch', 'list', 'watch']);
  });

  it('asks for no more lists than it should, however shuffled the events are', async () => {
    for (const name of ['a', 'b']) stage.put(name);
    stage.start();
    await stage.settle();
    const late = stage.api.object(WIDGETS, 'b')!;
    for (let round = 0; round < 100; round += 1) {
      stage.put('a', String(round));
      stage.watch().send('MODIFIED', late);
      await stage.settle(10);
    }
    const lists = stage.verbs().filter((verb) => verb === 'list').length;
    expect(lists).toBeGreaterThan(3);
    expect(lists).toBeLessThan(12);
  });

  it('repairs dropped events at the next periodic list', async () => {
    for (const name of ['a', 'b', 'c']) stage.put(name);
    stage.start();
    await stage.settle();
    stage.watch().silent = true;
    stage.put('a', 'changed');
    stage.put('d');
    stage.api.remove(WIDGETS, 'c');
    stage.watch().silent = false;
    for (let round = 0; round < 10; round += 1) {
      stage.watch().send('BOOKMARK', { metadata: { resourceVersion: String(stage.api.revision) } });
      await stage.settle(7_000);
    }
    expect(stage.seen.slice(3).sort()).toEqual(['added d=d', 'deleted c=c', 'updated a=changed']);
  });

  it('shows an object made again under a new uid as deleted and added', async () => {
    stage.put('a');
    stage.put('b');
    stage.put('c');
    stage.start();
    await stage.settle();
    stage.api.remove(WIDGETS, 'a', { silently: true });
    stage.put('a', 'again');
    await stage.settle();
    expect(stage.seen.slice(3)).toEqual(['deleted a=a', 'added a=again']);
  });

  it('changes nothing when the wall clock steps by an hour', async () => {
    stage.put('a');
    stage.start();
    await stage.settle();
    for (const hours of [1, -1, -1]) {
      stage.clock.stepWall(hours * 3_600_000);
      await stage.settle(1_000);
      expect(stage.known()).toEqual(['a']);
    }
    expect(stage.verbs()).toEqual(['list', 'watch']);
  });
});
