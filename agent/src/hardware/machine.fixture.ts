/**
 * Machines written by hand, with the folders and links that Linux really has: what the recorded ones lack. Names of folders decide what a
 * device is, so every kind is built at its true place below /sys/devices.
 */
import { posix } from 'node:path';

import {
  assessDevices,
  devicesOf,
  HardwareScanner,
  type AssessmentPolicy,
  type Device,
  type DeviceAssessment,
  type Findings,
} from './index.ts';
import { MemoryTree } from './memory-tree.fixture.ts';

export type Attributes = Readonly<Record<string, string | number>>;

export interface BlockOptions {
  readonly sizeBytes?: number;
  /** `queue/rotational` and others; over what a disk has by default. */
  readonly attributes?: Attributes;
  readonly partitions?: number;
  /** Of udev; null for no record at all. */
  readonly udev?: Attributes | null;
  readonly links?: readonly string[];
}

export interface ScsiOptions extends BlockOptions {
  readonly device?: Attributes;
  /** Page 80h. */
  readonly serial?: string;
  readonly wwid?: string;
  /** Page B1h: 1 does not rotate. */
  readonly rate?: number;
  readonly procName?: string;
  /** Of the SAS end device on the way, if there is one. */
  readonly protocols?: string;
}

export interface NvmeOptions extends BlockOptions {
  readonly wwid?: string;
  readonly nsid?: number;
}

const PCI = '/sys/devices/pci0000:00';
const DEFAULT_SIZE = 1_000_204_886_016;

export class Machine {
  readonly tree = new MemoryTree();
  #minor = 0;
  readonly #mounts = ['22 1 0:20 / / rw - tmpfs tmpfs rw'];
  readonly #swaps = ['Filename Type Size Used Priority'];

  constructor() {
    this.tree.set('/sys/block', { kind: 'folder' });
    this.tree.set('/run/udev/data', { kind: 'folder' });
    this.#writeUsers();
  }

  /** A block device at a path below /sys/devices; returns its `major:minor`. */
  block(path: string, options: BlockOptions = {}): string {
    const name = posix.basename(path);
    const dev = this.#nextDev();
    const queue = {
      'queue/rotational': 0,
      'queue/logical_block_size': 512,
      'queue/physical_block_size': 4096,
      'queue/zoned': 'none',
      'queue/chunk_sectors': 0,
      'queue/nr_zones': 0,
    };
    const own = { dev, size: (options.sizeBytes ?? DEFAULT_SIZE) / 512, ro: 0, removable: 0, hidden: 0, ...queue };
    this.attributes(path, { ...own, ...options.attributes });
    for (const list of ['holders', 'slaves']) this.tree.set(`${path}/${list}`, { kind: 'folder' });
    this.tree.link(`/sys/block/${name}`, path);
    this.udev(dev, options);
    for (let number = 1; number <= (options.partitions ?? 0); number += 1) {
      const partition = `${path}/${name}${/\d$/.test(name) ? 'p' : ''}${number}`;
      const partitionDev = this.#nextDev();
      this.attributes(partition, { dev: partitionDev, partition: number, start: 2048, size: 4096, ro: 0 });
      this.tree.set(`${partition}/holders`, { kind: 'folder' });
      this.udev(partitionDev, {});
    }
    return dev;
  }

  /** @param way below the PCI root, down to the target: `0000:00:17.0/ata1/host0/target0:0:0`. */
  scsi(name: string, way: string, options: ScsiOptions = {}): string {
    const root = way.startsWith('/') ? way : `${PCI}/${way}`;
    const address = `${posix.basename(root).replace('target', '')}:0`;
    const device = `${root}/${address}`;
    this.attributes(device, {
      vendor: 'ACME',
      model: 'Disk',
      rev: '0001',
      type: 0,
      state: 'running',
      ...options.device,
    });
    if (options.wwid !== undefined) this.tree.file(`${device}/wwid`, `${options.wwid}\n`);
    if (options.serial !== undefined) this.tree.file(`${device}/vpd_pg80`, page(0x80, Buffer.from(options.serial)));
    if (options.rate !== undefined) {
      this.tree.file(
        `${device}/vpd_pgb1`,
        page(0xb1, Buffer.from([options.rate >> 8, options.rate & 0xff, ...new Array<number>(58).fill(0)])),
      );
    }
    const host = /^(.*\/(host\d+))\//.exec(device);
    if (host !== null) this.attributes(`${host[1]}/scsi_host/${host[2]}`, { proc_name: options.procName ?? 'ahci' });
    const end = /^(.*\/(end_device-[\d:]+))\//.exec(device);
    if (end !== null) {
      this.attributes(`${end[1]}/sas_device/${end[2]}`, {
        target_port_protocols: options.protocols ?? 'ssp',
        sas_address: '0x5000000000000001',
      });
    }
    const path = `${device}/block/${name}`;
    const dev = this.block(path, options);
    this.tree.link(`${path}/device`, device);
    return dev;
  }

  /** @param place the PCI function, or a path below /sys/devices for a fabric. */
  controller(name: string, place: string, attributes: Attributes = {}): string {
    const path = place.startsWith('/') ? `${place}/${name}` : `${PCI}/${place}/nvme/${name}`;
    const said = {
      model: 'ACME NVMe           ',
      serial: `${name.toUpperCase()}SERIAL     `,
      firmware_rev: '1.0     ',
    };
    const bus = place.startsWith('/') ? {} : { transport: 'pcie', address: posix.basename(place), numa_node: 0 };
    this.attributes(path, { ...said, state: 'live', ...bus, ...attributes });
    this.tree.link(`/sys/class/nvme/${name}`, path);
    return path;
  }

  /** A namespace that hangs on its only controller. */
  namespace(name: string, controller: string, options: NvmeOptions = {}): string {
    const path = `${controller}/${name}`;
    const dev = this.block(path, { ...options, attributes: nvmeAttributes(options) });
    this.tree.link(`${path}/device`, controller);
    return dev;
  }

  /** A namespace of several controllers: its head on the subsystem, and a hidden path on each of them. */
  sharedNamespace(name: string, controllers: readonly string[], options: NvmeOptions = {}): string {
    const [, subsystem, number] = /^nvme(\d+)n(\d+)$/.exec(name) ?? [];
    const folder = `/sys/devices/virtual/nvme-subsystem/nvme-subsys${subsystem}`;
    this.attributes(folder, { model: 'ACME NVMe', serial: 'SHARED', firmware_rev: '1.0', iopolicy: 'numa' });
    this.tree.link(`/sys/class/nvme-subsystem/nvme-subsys${subsystem}`, folder);
    const dev = this.block(`${folder}/${name}`, { ...options, attributes: nvmeAttributes(options) });
    this.tree.link(`${folder}/${name}/device`, folder);
    for (const controller of controllers) {
      const hidden = `nvme${subsystem}c${/\d+$/.exec(controller)?.[0]}n${number}`;
      this.tree.link(`${folder}/${posix.basename(controller)}`, controller);
      this.block(`${controller}/${hidden}`, {
        ...options,
        udev: null,
        attributes: { ...nvmeAttributes(options), hidden: 1 },
      });
      this.tree.remove(`${controller}/${hidden}/dev`);
      this.tree.link(`${controller}/${hidden}/device`, controller);
    }
    return dev;
  }

  virtual(name: string, options: BlockOptions = {}): string {
    return this.block(`/sys/devices/virtual/block/${name}`, options);
  }

  /** Builds `upper` on `lower`, a disk or a partition. */
  hold(lower: string, upper: string): void {
    this.tree.link(`${this.pathOf(lower)}/holders/${upper}`, this.pathOf(upper));
    this.tree.link(`${this.pathOf(upper)}/slaves/${lower}`, this.pathOf(lower));
  }

  mount(line: string): void {
    this.#mounts.push(`${this.#mounts.length + 30} 22 ${line}`);
    this.#writeUsers();
  }

  swap(path: string): void {
    this.#swaps.push(`${path}\t\t\tpartition\t1024\t0\t-2`);
    this.#writeUsers();
  }

  udev(dev: string, { udev = {}, links = [] }: BlockOptions): void {
    if (udev === null) return;
    const lines = [
      ...links.map((link) => `S:${link}`),
      'I:1',
      ...Object.entries(udev).map(([key, value]) => `E:${key}=${value}`),
    ];
    this.tree.file(`/run/udev/data/b${dev}`, `${lines.join('\n')}\n`);
  }

  attributes(path: string, attributes: Attributes): void {
    this.tree.set(path, { kind: 'folder' });
    for (const [name, value] of Object.entries(attributes)) this.tree.file(`${path}/${name}`, `${value}\n`);
  }

  /** The folder of a disk or partition. */
  pathOf(name: string): string {
    for (const [path, { kind }] of this.tree.nodes) {
      if (kind === 'folder' && posix.basename(path) === name && this.tree.nodes.has(`${path}/holders`)) return path;
    }
    throw new Error(`There is no ${name}.`);
  }

  devices(policy: AssessmentPolicy = {}): readonly Device[] {
    return devicesOf(new HardwareScanner(this.tree).scan(), policy);
  }

  device(name: string, policy: AssessmentPolicy = {}): Device {
    return found(
      name,
      this.devices(policy).find(({ kernelName }) => kernelName === name),
    );
  }

  assess(policy: AssessmentPolicy & Findings = {}): ReadonlyMap<string, DeviceAssessment> {
    const snapshot = new HardwareScanner(this.tree).scan();
    const assessed = assessDevices(snapshot, devicesOf(snapshot, policy), policy);
    return new Map(assessed.map((assessment) => [assessment.device.kernelName, assessment]));
  }

  /** Why each device that is not offered is not. */
  refusals(name: string, policy: AssessmentPolicy & Findings = {}): readonly string[] {
    return found(name, this.assess(policy).get(name)).offer.refusals.map(({ kind }) => kind);
  }

  reasons(name: string): readonly string[] {
    return found(name, this.assess().get(name)).uses.map(({ reason }) => reason);
  }

  #nextDev(): string {
    this.#minor += 1;
    return `8:${this.#minor}`;
  }

  #writeUsers(): void {
    this.tree.file('/proc/self/mountinfo', `${this.#mounts.join('\n')}\n`);
    this.tree.file('/proc/swaps', `${this.#swaps.join('\n')}\n`);
  }
}

function found<T>(name: string, what: T | undefined): T {
  if (what === undefined) throw new Error(`There is no ${name}.`);
  return what;
}

function nvmeAttributes({ attributes = {}, wwid, nsid = 1 }: NvmeOptions): Attributes {
  return { nsid, ...(wwid === undefined ? {} : { wwid }), ...attributes };
}

/** A page of vital product data. */
export function page(code: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([0, code, content.length >> 8, content.length & 0xff]), content]);
}
