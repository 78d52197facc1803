import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InformerStage, WIDGETS } from './informer.fixture.ts';

let stage: InformerStage;

beforeEach(() => {
  stage = new InformerStage();
});

afterEach(async () => {
  expect(await stage.end()).toBe(0);
  expect(stage.informer.health().state).toBe('stopped');
});

describe('an informer that may not be relied on', () => {
  it('does not take a list older than what it has seen', async () => {
    stage.put('a');
    stage.start();
    await stage.settle();
    stage.put('b');
    await stage.settle();
    const revision = stage.api.revision;
    stage.api.revision = 50;
    stage.api.fault({ kind: 'status', code: 410 }, { verb: 'watch' });
    stage.watch().end();
    await stage.settle(1_000);
    expect(stage.known()).toEqual(['a', 'b']);
    expect(stage.informer.health().counts.listsRefused).toBeGreaterThan(0);
    stage.api.revision = revision;
    await stage.settle(2_000);
    expect(stage.informer.health().state).toBe('synced');
    expect(stage.seen).toEqual(['added a=a', 'added b=b']);
  });

  it.each(['an event', 'a bookmark'])('does not take a list older than %s', async (by) => {
    stage.put('a');
    stage.start();
    await stage.settle();
    const listed = stage.api.revision;
    if (by === 'an event') stage.put('b');
    else stage.watch().send('BOOKMARK', { metadata: { resourceVersion: String(listed + 1) } });
    await stage.settle();
    stage.api.revision = listed;
    stage.watch().send('ERROR', { code: 410 });
    await stage.settle(100);
    expect(stage.informer.health().counts).toMatchObject({ listsTaken: 1, listsRefused: 1 });
  });

  it('finds a restored backup by an older object although the revision has caught up', async () => {
    for (const name of ['a', 'b', 'c']) stage.put(name);
    const backup = stage.api.object(WIDGETS, 'a')!;
    stage.start();
    await stage.settle();
    stage.put('a', 'lost');
    await stage.settle();
    stage.api.restore(WIDGETS, backup);
    stage.watch().send('ERROR', { code: 410 });
    await stage.settle(10_000);
    expect(stage.known()).toEqual(['refused: suspect']);
    expect(stage.informer.health().suspicion).toMatchObject({ reason: 'revisionRolledBack', missingCount: 0 });
    stage.informer.acceptLoss();
    await stage.settle(1_100);
    expect(stage.seen.slice(3)).toEqual(['updated a=lost', 'updated a=a']);
  });

  it('counts as out of date after a long silence', async () => {
    stage.put('a');
    stage.start();
    await stage.settle();
    stage.api.fault({ kind: 'hang' }, { times: Infinity });
    stage.watch().break();
    await stage.settle(31_000);
    expect(stage.known()).toEqual(['refused: outOfDate']);
    expect(stage.informer.lookup('a')).toMatchObject({ kind: 'refused', reason: 'outOfDate' });
    stage.api.clearFaults();
    await stage.settle(30_000);
    expect(stage.known()).toEqual(['a']);
  });
});

describe('an informer of an emptied API', () => {
  it('notices it at the next connection, although a watch from the future is silent', async () => {
    for (const name of ['a', 'b', 'c']) stage.put(name);
    stage.start();
    await stage.settle();
    stage.api.wipe();
    await stage.settle(2_000);
    expect(stage.known()).toEqual(['refused: suspect']);
  });

  it('tells nobody of a deletion, refuses snapshots, and waits for an operator when the history is another', async () => {
    for (const name of ['a', 'b', 'c']) stage.put(name);
    stage.start();
    await stage.settle();
    stage.api.wipe();
    stage.api.put('/api/v1/namespaces', { metadata: { name: 'kube-system', uid: 'made-anew' } });
    await stage.settle(10 * 60_000);
    expect(stage.known()).toEqual(['refused: suspect']);
    expect(stage.informer.health()).toMatchObject({
      state: 'suspect',
      ready: false,
      suspicion: { reason: 'clusterChanged' },
    });
    expect(stage.deletions()).toEqual([]);
    stage.informer.acceptLoss();
    await stage.settle(1_100);
    expect(stage.seen.slice(3).sort()).toEqual(['deleted a=a', 'deleted b=b', 'deleted c=c']);
    expect(stage.known()).toEqual([]);
  });

  it('is relieved when the objects come back', async () => {
    for (const name of ['a', 'b', 'c']) stage.put(name);
    stage.start();
    await stage.settle();
    const objects = ['a', 'b', 'c'].map((name) => stage.api.object(WIDGETS, name)!);
    for (const name of ['a', 'b', 'c']) stage.api.remove(WIDGETS, name, { silently: true });
    stage.watch().send('ERROR', { code: 410 });
    await stage.settle(2_000);
    expect(stage.known()).toEqual(['refused: suspect']);
    for (const object of objects) stage.api.put(WIDGETS, object);
    await stage.settle(1_100);
    expect(stage.known()).toEqual(['a', 'b', 'c']);
    expect(stage.deletions()).toEqual([]);
  });

  it('believes an empty collection on the same cluster after several lists over some time', async () => {
    stage.put('a');
    stage.start();
    await stage.settle();
    stage.api.remove(WIDGETS, 'a', { silently: true });
    stage.watch().send('ERROR', { code: 410 });
    await stage.settle(4_000);
    expect(stage.seen).toEqual(['added a=a']);
    await stage.settle(2_000);
    expect(stage.seen).toEqual(['added a=a', 'deleted a=a']);
    expect(stage.known()).toEqual([]);
  });

  it('passes on deletions that the watch reports one by one', async () => {
    for (const name of ['a', 'b']) stage.put(name);
    stage.start();
    await stage.settle();
    for (const name of ['a', 'b']) stage.api.remove(WIDGETS, name);
    await stage.settle();
    expect(stage.seen.slice(2)).toEqual(['deleted a=a', 'deleted b=b']);
    expect(stage.known()).toEqual([]);
  });
});
