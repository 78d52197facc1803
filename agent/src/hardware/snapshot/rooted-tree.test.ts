import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MemoryTree } from '../memory-tree.fixture.ts';
import { RootedTree } from './rooted-tree.ts';

let scratch = '';
let root = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'couchestor-hardware-'));
  root = join(scratch, 'root');
  const disk = join(root, 'sys/devices/pci0/disk');
  mkdirSync(disk, { recursive: true });
  writeFileSync(join(disk, 'model'), 'Disk    \n');
  writeFileSync(join(disk, 'vpd'), Buffer.from([0, 0x80, 255, 10]));
  writeFileSync(join(disk, 'long'), 'x'.repeat(200_000));
  mkdirSync(join(root, 'sys/block'));
  symlinkSync('../devices/pci0/disk', join(root, 'sys/block/sda'));
  symlinkSync('/sys/devices/pci0/disk', join(root, 'sys/block/absolute'));
  symlinkSync('../../../../../outside', join(root, 'sys/block/above'));
  symlinkSync('nowhere', join(root, 'sys/block/dangling'));
  mkdirSync(join(scratch, 'outside'));
  writeFileSync(join(scratch, 'outside/secret'), 'secret');
  symlinkSync(join(scratch, 'outside'), join(root, 'sys/escape'));
  symlinkSync('model', join(disk, 'linked'));
  execFileSync('mkfifo', [join(disk, 'pipe')]);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const DISK = '/sys/devices/pci0/disk';

describe('a tree below a folder', () => {
  test('gives texts without white space at the end, bytes as they are, and names in order', () => {
    const tree = new RootedTree(root);
    expect(tree.readText(`${DISK}/model`)).toEqual({ kind: 'value', value: 'Disk' });
    expect(tree.readBytes(`${DISK}/vpd`)).toEqual({ kind: 'value', value: new Uint8Array([0, 0x80, 255, 10]) });
    expect(tree.list(DISK)).toEqual({ kind: 'value', value: ['linked', 'long', 'model', 'pipe', 'vpd'] });
  });

  test('gives a long text whole, and of bytes only so many as an attribute has', () => {
    const tree = new RootedTree(root);
    expect(tree.readText(`${DISK}/long`)).toEqual({ kind: 'value', value: 'x'.repeat(200_000) });
    expect(tree.readBytes(`${DISK}/long`)).toMatchObject({ kind: 'value', value: { length: 65_536 } });
  });

  test('gives no half of a text that is longer than any is', () => {
    const tree = new RootedTree(root, 199_999);
    expect(tree.readText(`${DISK}/long`)).toEqual({ kind: 'unreadable', errno: 'EFBIG' });
    expect(new RootedTree(root, 200_000).readText(`${DISK}/long`)).toMatchObject({ kind: 'value' });
  });

  test('leads along links, whose targets begin at its root', () => {
    const tree = new RootedTree(root);
    for (const name of ['sda', 'absolute'])
      expect(tree.readLink(`/sys/block/${name}`)).toEqual({ kind: 'value', value: DISK });
    expect(tree.readLink('/sys/block/above')).toEqual({ kind: 'value', value: '/outside' });
    expect(tree.readLink('/sys/block/dangling')).toEqual({ kind: 'value', value: '/sys/block/nowhere' });
    expect(tree.readLinkText('/sys/block/dangling')).toEqual({ kind: 'value', value: 'nowhere' });
    expect(tree.readLink(`${DISK}/model`)).toEqual({ kind: 'unreadable', errno: 'EINVAL' });
  });

  test('does not lead out of its root', () => {
    const tree = new RootedTree(root);
    for (const path of [
      '/sys/escape/secret',
      '/../outside/secret',
      '/sys/block/../../../outside/secret',
      'sys/block',
      '/sys/\0',
    ]) {
      expect(tree.readText(path)).toEqual({ kind: 'unreadable', errno: 'EXDEV' });
    }
    expect(tree.list('/sys/escape')).toEqual({ kind: 'unreadable', errno: 'EXDEV' });
  });

  test('does not follow, wait for, or throw at what is no attribute', () => {
    const tree = new RootedTree(root);
    expect(tree.readText(`${DISK}/linked`)).toEqual({ kind: 'unreadable', errno: 'ELOOP' });
    expect(tree.readText(DISK)).toEqual({ kind: 'unreadable', errno: 'EISDIR' });
    expect(tree.readText(`${DISK}/pipe`)).toEqual({ kind: 'value', value: '' });
    for (const path of [`${DISK}/gone`, `${DISK}/model/below`]) expect(tree.readText(path)).toEqual({ kind: 'absent' });
    expect(tree.list(`${DISK}/model`)).toEqual({ kind: 'absent' });
  });

  test('knows a folder from the one that comes after it', () => {
    const tree = new RootedTree(root);
    const folder = join(root, 'sys/fleeting');
    expect(tree.identityOf('/sys/fleeting')).toBeNull();
    mkdirSync(folder);
    const before = tree.identityOf('/sys/fleeting');
    expect(before).not.toBeNull();
    expect(tree.identityOf('/sys/fleeting')).toBe(before);
    // What takes up the freed number in between.
    mkdirSync(`${folder}-next`);
    rmSync(folder, { recursive: true });
    mkdirSync(`${folder}-other`);
    mkdirSync(folder);
    expect(tree.identityOf('/sys/fleeting')).not.toBe(before);
  });

  test('is empty where there is none', () => {
    const tree = new RootedTree(join(scratch, 'missing'));
    expect(tree.list('/sys/block')).toEqual({ kind: 'absent' });
    expect(tree.readText('/proc/swaps')).toEqual({ kind: 'absent' });
  });

  test('answers as the one in memory does, on which discovery is tested', () => {
    const tree = new RootedTree(root);
    const memory = new MemoryTree();
    memory.file(`${DISK}/model`, 'Disk    \n');
    memory.link('/sys/block/sda', DISK);
    for (const path of [`${DISK}/model`, DISK, '/sys/block/sda', '/sys/block/gone']) {
      expect([path, memory.readText(path)]).toEqual([path, tree.readText(path)]);
      expect([path, memory.readLink(path)]).toEqual([path, tree.readLink(path)]);
    }
    expect(memory.list(`${DISK}/model`)).toEqual(tree.list(`${DISK}/model`));
  });
});
