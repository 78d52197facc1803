import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { assessDevices, devicesOf, HardwareScanner } from './index.ts';
import type { MemoryTree, TreeNode } from './memory-tree.fixture.ts';
import { recordedTree } from './recorded-nodes.fixture.ts';

const recorded = recordedTree('storage-node-a');
for (const path of recorded.nodes.keys())
  if (/\/(acpi|power|mq|msi_irqs|integrity|module|drivers)(\/|$)/.test(path)) recorded.remove(path);
const unspoilt = new HardwareScanner(recorded);
unspoilt.scan();
/** What discovery looks at, and so what can mislead it. */
const paths = [...recorded.nodes.keys()].filter(
  (path) =>
    recorded.read.includes(path) ||
    /^\/sys\/(block|class)\//.test(path) ||
    /\/(holders|slaves|device|block)$/.test(path),
);

const garbage = fc.oneof(
  fc.string().map((text): TreeNode => ({ kind: 'file', bytes: Buffer.from(text) })),
  fc.uint8Array({ maxLength: 700 }).map((bytes): TreeNode => ({ kind: 'file', bytes })),
  fc
    .constantFrom('0', '1', '-1', '18446744073709551616', 'none', 'nvme0n1', '8:0', '../..')
    .map((text): TreeNode => ({ kind: 'file', bytes: Buffer.from(text) })),
  fc.constantFrom('EIO', 'EINVAL', 'ENXIO', 'EACCES').map((errno): TreeNode => ({ kind: 'unreadable', errno })),
  fc.constantFrom(...paths).map((target): TreeNode => ({ kind: 'link', target })),
  fc.constantFrom('.', '..', '../../../../..', 'nowhere').map((target): TreeNode => ({ kind: 'link', target })),
  fc.constant<TreeNode>({ kind: 'folder' }),
);
const spoiling = fc.array(fc.tuple(fc.constantFrom(...paths), fc.option(garbage)), { minLength: 1, maxLength: 60 });

function spoilt(changes: readonly (readonly [string, TreeNode | null])[]): MemoryTree {
  const tree = recorded.clone();
  for (const [path, node] of changes) {
    tree.remove(path);
    if (node !== null) tree.set(path, node);
  }
  return tree;
}

describe('a tree of which anything is missing, unreadable or nonsense', () => {
  test('is answered: nothing is thrown, ids are unique, and whatever is refused has its reason', () => {
    fc.assert(
      fc.property(spoiling, (changes) => {
        const scanner = new HardwareScanner(spoilt(changes));
        const snapshot = scanner.scan();
        const devices = devicesOf(snapshot);
        expect(new Set(devices.map(({ id }) => id)).size).toBe(devices.length);
        for (const { device, uses, offer } of assessDevices(snapshot, devices)) {
          expect(offer.offerable).toBe(offer.refusals.length === 0);
          if (uses.length > 0) expect(offer.offerable).toBe(false);
          for (const size of [device.sizeBytes, device.logicalBlockBytes]) {
            expect(size === null || (Number.isSafeInteger(size) && size >= 0)).toBe(true);
          }
        }
        expect(devicesOf(scanner.scan())).toEqual(devices);
      }),
      { numRuns: 40 },
    );
  });

  test('gives the same devices in the same order, whatever the order in which they are found', () => {
    const shuffled = new HardwareScanner({
      readText: (path) => recorded.readText(path),
      readBytes: (path) => recorded.readBytes(path),
      readLink: (path) => recorded.readLink(path),
      readLinkText: (path) => recorded.readLinkText(path),
      identityOf: (path) => recorded.identityOf(path),
      list: (path) => {
        const listed = recorded.list(path);
        return listed.kind === 'value' ? { kind: 'value', value: [...listed.value].reverse() } : listed;
      },
    });
    expect(devicesOf(shuffled.scan()).map(({ id }) => id)).toEqual(devicesOf(unspoilt.scan()).map(({ id }) => id));
  });
});
