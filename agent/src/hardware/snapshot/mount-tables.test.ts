import { describe, expect, test } from '@jest/globals';

import { MemoryTree } from '../memory-tree.fixture.ts';
import type { Gap } from './hardware-snapshot.ts';
import { MountTables } from './mount-tables.ts';

function processes(own = '1'): { tree: MemoryTree; add: (process: number, namespace: string, text: string) => void } {
  const tree = new MemoryTree();
  tree.set('/proc/self/ns/mnt', { kind: 'link', target: `mnt:[${own}]` });
  tree.file('/proc/self/mountinfo', 'own');
  const add = (process: number, namespace: string, text: string): void => {
    tree.set(`/proc/${process}/ns/mnt`, { kind: 'link', target: `mnt:[${namespace}]` });
    tree.file(`/proc/${process}/mountinfo`, text);
  };
  return { tree, add };
}

const textsOf = (tables: MountTables): unknown =>
  tables.read().map(({ text }) => (text.kind === 'value' ? text.value : text));

describe('mount tables', () => {
  test('are the own one, and one of each other namespace, from the first process that tells', () => {
    const { tree, add } = processes();
    add(10, '1', 'own');
    add(9, '2', '');
    add(100, '2', 'second');
    add(101, '2', 'never read');
    add(11, '3', 'third');
    tree.set('/proc/net/dev', { kind: 'folder' });
    expect(textsOf(new MountTables(tree))).toEqual(['own', 'third', 'second']);
    expect(tree.read).not.toContain('/proc/101/mountinfo');
  });

  test('of other namespaces are read in turn, and of new ones at once', () => {
    const { tree, add } = processes();
    for (let process = 10; process < 20; process += 1) add(process, `${process}`, `mounts of ${process}`);
    const tables = new MountTables(tree);
    tables.read();
    tree.read.length = 0;
    for (let process = 10; process < 20; process += 1) add(process, `${process}`, `other mounts of ${process}`);
    add(20, '20', 'mounts of 20');
    expect(textsOf(tables)).toContain('mounts of 20');
    expect(tree.read.length).toBeLessThan(6);
    for (let pass = 0; pass < 4; pass += 1) tables.read();
    const others = Array.from({ length: 10 }, (_, at) => `other mounts of ${at + 10}`);
    expect(textsOf(tables)).toEqual(['own', ...others, 'mounts of 20']);
  });

  test('of the own namespace are read in every pass, and those of one that is gone are forgotten', () => {
    const { tree, add } = processes();
    add(10, '2', 'second');
    const tables = new MountTables(tree);
    expect(textsOf(tables)).toEqual(['own', 'second']);
    tree.file('/proc/self/mountinfo', 'own, changed');
    tree.remove('/proc/10');
    expect(textsOf(tables)).toEqual(['own, changed']);
    add(11, '2', 'another one by this name');
    expect(textsOf(tables)).toEqual(['own, changed', 'another one by this name']);
  });

  test('of processes that hide their namespace are read, but not without end', () => {
    const { tree } = processes();
    for (let process = 1; process <= 100; process += 1) tree.file(`/proc/${process}/mountinfo`, `mounts of ${process}`);
    const gaps: Gap[] = [];
    expect(new MountTables(tree).read(gaps)).toHaveLength(65);
    expect(gaps).toEqual([{ path: '/proc/*/mountinfo', errno: 'E2BIG', of: 'mounts' }]);
  });

  test('of processes that are closed are a gap, but not where another process of the namespace tells, or one has ended', () => {
    const { tree, add } = processes();
    add(10, '2', '');
    tree.set('/proc/10/mountinfo', { kind: 'unreadable', errno: 'EACCES' });
    add(11, '2', 'second');
    add(12, '3', '');
    tree.set('/proc/12/mountinfo', { kind: 'unreadable', errno: 'EINVAL' });
    const gaps: Gap[] = [];
    const tables = new MountTables(tree);
    expect(tables.read(gaps)).toHaveLength(2);
    expect(gaps).toEqual([]);
    for (const process of [13, 14]) {
      tree.set(`/proc/${process}/ns/mnt`, { kind: 'unreadable', errno: 'EACCES' });
      tree.set(`/proc/${process}/mountinfo`, { kind: 'unreadable', errno: 'EACCES' });
    }
    tables.read(gaps);
    expect(gaps).toEqual([{ path: '/proc/*/mountinfo', errno: 'EACCES', of: 'mounts' }]);
  });

  test('say that the own one cannot be read', () => {
    const { tree } = processes();
    tree.set('/proc/self/mountinfo', { kind: 'unreadable', errno: 'EACCES' });
    expect(new MountTables(tree).read()).toEqual([
      { path: '/proc/self/mountinfo', namespace: 'mnt:[1]', own: true, text: { kind: 'unreadable', errno: 'EACCES' } },
    ]);
  });
});
