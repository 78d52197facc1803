import { afterEach, describe, expect, it } from '@jest/globals';
import { ADAPTER, Lab, policyManifest, until } from './lab.ts';

const watch = { user: ADAPTER, verb: 'watch', path: /storagepolicies/ };
let lab: Lab;

afterEach(() => lab.close());

const deletions = (): string[] => lab.told.filter((line) => line.startsWith('deleted'));
const health = () => lab.policies.informer.health();

async function openSynced(options: Parameters<typeof Lab.open>[0] = {}): Promise<void> {
  lab = await Lab.open(options);
  for (const name of ['a', 'b', 'c', 'd']) lab.put(name);
  await lab.followUntilSynced();
  expect(lab.known()).toEqual(['a', 'b', 'c', 'd']);
  lab.put('a', { enabled: false });
  await until(() => lab.told.includes('updated a'), 'the watch is open');
}

describe('a watch that is not what it should be', () => {
  it('is not disturbed by duplicated events', async () => {
    await openSynced();
    lab.server.faults.add({ match: watch, effect: { kind: 'watch-events', mode: 'duplicate' } });
    lab.put('a', { enabled: true });
    await lab.remove('b');
    lab.put('e');
    await until(() => lab.told.includes('added e'), 'the events are through');
    expect(lab.told.slice(5)).toEqual(['updated a', 'deleted b', 'added e']);
  });

  it('is repaired by the periodic list when it drops events', async () => {
    await openSynced({ timing: { relistMs: 500 } });
    lab.server.faults.add({ match: watch, times: 3, effect: { kind: 'watch-events', mode: 'drop' } });
    lab.put('a', { enabled: true });
    await lab.remove('b');
    lab.put('e');
    await until(() => lab.knows('a', 'c', 'd', 'e'), 'the list has repaired the cache');
    expect(lab.told.slice(5).sort()).toEqual(['added e', 'deleted b', 'updated a']);
  });

  it('shows an object made again under a new uid, also when the watch was down', async () => {
    await openSynced();
    lab.proxy.reset();
    await lab.remove('b');
    lab.put('b');
    lab.server.compact();
    await until(() => lab.told.filter((line) => line === 'added b').length === 2, 'both incarnations were told');
    expect(lab.told.filter((line) => line.endsWith(' b'))).toEqual(['added b', 'deleted b', 'added b']);
  });

  it('shows an object whose finalizer nobody removes as existing, until somebody does', async () => {
    await openSynced();
    const held = {
      ...policyManifest('held'),
      metadata: { name: 'held', finalizers: ['storage.billyronks.io/dead-agent'] },
    };
    lab.server.apply([held]);
    await until(() => lab.known().includes('held'), 'it is known');
    const { uid } = (await lab.get('held')).metadata;
    expect(await lab.policies.store.delete({ name: 'held', uid })).toMatchObject({ kind: 'terminating' });
    await until(() => lab.told.includes('updated held'), 'its deletion mark is known');
    lab.put('z');
    await until(() => lab.known().includes('z'), 'other objects go on');
    expect(deletions()).toEqual([]);
    expect(await lab.policies.store.delete({ name: 'held', uid })).toMatchObject({ kind: 'terminating' });
    const freed = await lab.policies.store.patch({ name: 'held', uid }, () => ({ metadata: { finalizers: [] } }));
    expect(freed.kind).toBe('written');
    await until(() => lab.told.includes('deleted held'), 'it is gone');
  });
});

describe('a list from the past', () => {
  it('is refused, and asked for again', async () => {
    await openSynced({ timing: { pageSize: 100 } });
    const { revision } = lab.server.store;
    lab.put('new');
    await until(() => lab.told.includes('added new'), 'the watch has shown it');
    const list = { user: ADAPTER, verb: 'list', path: /storagepolicies/ };
    const stale = lab.server.faults.add({ match: list, times: 2, effect: { kind: 'stale-list', revision } });
    lab.proxy.reset();
    await until(() => stale.hits === 2 && health().counts.listsTaken === 2, 'a list of the present was taken');
    expect(health().counts.listsRefused).toBe(1);
    expect(deletions()).toEqual([]);
  });
});

describe('an emptied API', () => {
  it('never deletes: everything lost and the definitions applied again', async () => {
    await openSynced();
    lab.server.wipe();
    await lab.installDefinitions();
    await until(() => health().state === 'suspect', 'the list is suspect');
    expect(health()).toMatchObject({ ready: false, suspicion: { reason: 'clusterChanged', confirmsItself: false } });
    expect(lab.known()).toEqual(['refused: suspect']);
    lab.put('brand-new');
    const { listsRefused } = health().counts;
    await until(() => health().counts.listsRefused > listsRefused + 20, 'many more lists were refused');
    expect(deletions()).toEqual([]);
    expect(lab.told).not.toContain('added brand-new');
    lab.policies.informer.acceptLoss();
    await until(() => lab.knows('brand-new'), 'the operator was heard');
    expect(deletions().sort()).toEqual(['deleted a', 'deleted b', 'deleted c', 'deleted d']);
  });

  it('never deletes: everything lost, definitions included', async () => {
    await openSynced();
    lab.server.wipe();
    await until(() => health().failure?.code === 'notFound' && health().counts.failures > 5, 'the resource is unknown');
    expect(deletions()).toEqual([]);
    expect(health().message).toMatch(/CustomResourceDefinition/);
  });

  it('never deletes: all objects lost behind the back of the watch, until several lists agree', async () => {
    await openSynced({ guard: { confirmingLists: 10, confirmingMs: 500 } });
    lab.server.faults.add({ match: watch, effect: { kind: 'watch-events', mode: 'drop' } });
    for (const name of ['a', 'b', 'c', 'd']) await lab.remove(name);
    lab.server.compact();
    lab.proxy.reset();
    await until(() => health().state === 'suspect', 'the list is suspect');
    expect(health().suspicion).toMatchObject({ reason: 'emptied', knownCount: 4, missingCount: 4 });
    expect(deletions()).toEqual([]);
    await until(() => lab.knows(), 'enough lists have agreed');
    expect(deletions()).toHaveLength(4);
  });

  it('never deletes: a restored backup at an older revision that lacks half of the objects', async () => {
    await openSynced({ timing: { pageSize: 100 } });
    const { revision } = lab.server.store;
    const list = { user: ADAPTER, verb: 'list', path: /storagepolicies/ };
    for (const name of ['e', 'f', 'g', 'h', 'i', 'j', 'k']) lab.put(name);
    await until(() => lab.known().length === 11, 'all are known');
    const restored = lab.server.faults.add({ match: list, effect: { kind: 'stale-list', revision } });
    lab.server.faults.add({ match: watch, times: 1, effect: { kind: 'status', code: 410 } });
    lab.proxy.reset();
    await until(() => health().suspicion?.reason === 'revisionRolledBack', 'the rollback is found');
    expect(deletions()).toEqual([]);
    restored.remove();
    await until(() => health().state === 'synced', 'the right server answers again');
    expect(lab.known()).toHaveLength(11);
    expect(deletions()).toEqual([]);
  });
});

describe('missing rights', () => {
  it('are shown with a remedy, and the informer starts by itself once they are granted', async () => {
    lab = await Lab.open({ groups: ['operators'] });
    lab.put('a');
    lab.follow();
    await until(() => health().failure?.code === 'forbidden', 'the API says no');
    expect(health()).toMatchObject({ state: 'starting', ready: false });
    expect(health().message).toMatch(/grant the verb "list" on storagepolicies.storage.billyronks.io/);
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'adapter' } };
    const rules = [{ apiGroups: ['storage.billyronks.io'], resources: ['storagepolicies'], verbs: ['list', 'watch'] }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'adapter' };
    lab.server.apply([
      { ...rbac, kind: 'ClusterRole', rules },
      { ...rbac, kind: 'ClusterRoleBinding', roleRef, subjects: [{ kind: 'User', name: ADAPTER }] },
    ]);
    await until(() => lab.knows('a'), 'it is in step');
    await expect(lab.policies.store.get({ name: 'a' })).rejects.toMatchObject({ code: 'forbidden', retryable: false });
  });
});
