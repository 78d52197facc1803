/**
 * Discovery on a recorded machine whose disks are there many times, read from files as it would be from the kernel, which answers faster
 * than a disk does. The peer is lsblk on the same tree: it knows less of each disk, and nothing of who uses it or of its health.
 */
import { ChangeDetector, HardwareObserver } from '@couchestor/agent/hardware';
import { realClock } from '@couchestor/common/base';
import { discoverByProcess, listByLsblk, watchByProcess } from '../hardware/agent-process.ts';
import { makeBigMachine } from '../hardware/big-machine.ts';
import type { Area, Row } from '../row.ts';
import { bestMsOf } from '../timing.ts';

/** What the recorded machine has already. */
const RECORDED = 15;

const FULL = { disks: [100], runs: 7, looks: 50, watchedLooks: 15, intervalMs: 2000 } as const;
const SMOKE = { disks: [20], runs: 1, looks: 2, watchedLooks: 1, intervalMs: 100 } as const;
type Sizes = typeof FULL | typeof SMOKE;

export const hardware: Area = {
  name: 'hardware',
  summary: 'discovery of disks: a first look, looks after it, memory (peer: lsblk)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    const rows: Row[] = [];
    for (const disks of sizes.disks) rows.push(...(await machineRows(disks, sizes)));
    return rows;
  },
};

async function machineRows(disks: number, sizes: Sizes): Promise<Row[]> {
  const machine = makeBigMachine(disks - RECORDED);
  const row = (subject: string, value: number, unit: string, peers: Row['peers'] = {}): Row => ({
    area: 'hardware',
    shape: `${disks} disks`,
    subject,
    value,
    unit,
    peers,
  });
  try {
    const found = (await observerOf(machine.root).look()).devices.length;
    if (found !== disks) throw new Error(`of ${disks} disks ${found} were found`);
    const processMs = await bestMsOf(sizes.runs, () => discoverByProcess(machine.root));
    const { cpuMsPerLook, peakRssMiB } = await watchByProcess(machine.root, {
      looks: sizes.watchedLooks,
      intervalMs: sizes.intervalMs,
    });
    return [
      row('first look', await bestMsOf(sizes.runs, () => observerOf(machine.root).look()), 'ms'),
      row('couchestor-agent discover', processMs, 'ms', await lsblkMs(machine.root, sizes)),
      row('CPU of a look, nothing changed', await cpuOfLooks(machine.root, sizes.looks), 'ms'),
      ...(cpuMsPerLook === undefined
        ? []
        : [row(`CPU of a look every ${sizes.intervalMs} ms, process`, cpuMsPerLook, 'ms')]),
      ...(peakRssMiB === undefined ? [] : [row('process, at most', peakRssMiB, 'MiB RSS')]),
    ];
  } finally {
    machine.remove();
  }
}

/** A recorded machine has no nodes to open. */
function observerOf(root: string): HardwareObserver {
  return new HardwareObserver({ clock: realClock, root, probe: false });
}

/** Absent where it is not installed, or too old to be shown another root. */
async function lsblkMs(root: string, { runs }: Sizes): Promise<Row['peers']> {
  try {
    return { lsblk: await bestMsOf(runs, () => listByLsblk(root)) };
  } catch {
    process.stderr.write('hardware: without lsblk --sysroot there is no peer (Debian package util-linux)\n');
    return {};
  }
}

/** Of one thread in its stride; what woke up for nothing else is measured in a process of its own. */
async function cpuOfLooks(root: string, looks: number): Promise<number> {
  const observer = observerOf(root);
  const detector = new ChangeDetector();
  const look = async (): Promise<number> => {
    const { devices, snapshot } = await observer.look();
    return detector.next(devices, snapshot.gaps).length;
  };
  await look();
  await look();
  const before = process.cpuUsage();
  for (let count = 0; count < looks; count += 1) {
    if ((await look()) !== 0) throw new Error('something has changed where nothing did');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / looks;
}
