import { VirtualClock } from '@couchestor/common/base';
import { Table } from '@couchestor/common/command-line';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChangeDetector, HardwareObserver, mountLines, traceDirectory, viewOf } from '../hardware/index.ts';
import { parseSmartReport } from '../hardware/health/index.ts';
import type { TreeNode } from '../hardware/memory-tree.fixture.ts';
import { recordedTree } from '../hardware/recorded-nodes.fixture.ts';
import { WIDE_DISK_COLUMNS } from './discover-cells.ts';
import { explanationOf, explanationText, findDisk } from './discover-explain.ts';
import { traceText } from './discover-text.ts';

const recorded = recordedTree('storage-node-a');
await new HardwareObserver({ clock: new VirtualClock(), root: '/', tree: recorded, probe: false }).look();
/** What a look reads, sensors included, and so what can mislead it. */
const paths = [...new Set(recorded.read)].filter((path) => recorded.nodes.has(path));

const garbage = fc.oneof(
  fc.string().map((text): TreeNode => ({ kind: 'file', bytes: Buffer.from(text) })),
  fc
    .constantFrom('0', '-1', '99999999999999999999', '\n', '\u001b[2J', 'offline', '8:0')
    .map((text): TreeNode => ({ kind: 'file', bytes: Buffer.from(text) })),
  fc.constantFrom('EIO', 'ENXIO', 'EACCES').map((errno): TreeNode => ({ kind: 'unreadable', errno })),
  fc.constant<TreeNode>({ kind: 'folder' }),
);
const spoiling = fc.array(fc.tuple(fc.constantFrom(...paths), fc.option(garbage)), { minLength: 1, maxLength: 80 });
const report = fc.record({
  device: fc.record({ protocol: fc.constantFrom('NVMe', 'ATA', 'SCSI', 'none') }),
  smart_status: fc.option(fc.record({ passed: fc.oneof(fc.boolean(), fc.jsonValue()) })),
  temperature: fc.option(fc.record({ current: fc.oneof(fc.integer(), fc.jsonValue()) })),
  nvme_smart_health_information_log: fc.option(
    fc.dictionary(fc.constantFrom('media_errors', 'critical_warning'), fc.integer()),
  ),
});

describe('discover on a tree of which anything is missing, unreadable or nonsense', () => {
  it('has an answer for everything that can be asked, and throws nothing', async () => {
    await fc.assert(
      fc.asyncProperty(spoiling, report, fc.integer({ min: 0, max: 255 }), async (changes, json, exitCode) => {
        const tree = recorded.clone();
        for (const [path, node] of changes) {
          tree.remove(path);
          if (node !== null) tree.set(path, node);
        }
        const reading = parseSmartReport(JSON.stringify(json), exitCode);
        const smart = { read: () => Promise.resolve(reading) };
        const observer = new HardwareObserver({
          clock: new VirtualClock(),
          root: '/nowhere',
          tree,
          smart,
          probe: true,
        });
        const look = await observer.look();
        const views = look.devices.map(viewOf);
        const table = new Table(WIDE_DISK_COLUMNS, views);
        for (const [index, view] of views.entries()) {
          expect(JSON.parse(JSON.stringify(view))).toEqual(view);
          // Cells have no blanks but in the last column.
          expect(table.row(view).split(/ {2,}/).length).toBe(WIDE_DISK_COLUMNS.length);
          const disk = findDisk(view.id, look.devices);
          expect(disk).toBe(look.devices[index]);
          const text = explanationText(disk, explanationOf('node', disk, look));
          expect(text).toContain(view.kernelName);
          // Nothing that a disk says of itself moves the cursor of a terminal.
          expect(`${text}${table.row(view)}`).not.toMatch(/[^\P{Cc}\n]/u);
        }
        const mounts = mountLines(look.snapshot).filter(({ elsewhere }) => !elsewhere);
        const trace = traceDirectory('/data/db', {
          mounts,
          devices: look.devices.map(({ device }) => device),
          fileSystems: look.snapshot.fileSystems,
          health: new Map(),
        });
        expect(trace.problem === null).toBe(trace.tier !== null);
        expect(traceText(trace)).toContain('/data/db');
        const detector = new ChangeDetector();
        detector.next(look.devices, look.snapshot.gaps);
        const again = await observer.look();
        expect(detector.next([...again.devices], again.snapshot.gaps)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
