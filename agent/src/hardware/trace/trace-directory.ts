/**
 * From a directory to the disks that hold it: through mountinfo to what is mounted there, and from there down through device mapper,
 * md, bcache, loop files and partitions. The disks give the directory its tier, that of the slowest, and its health, that of the
 * worst. What cannot be followed to a disk has neither: a guess would put a pool on the wrong tier.
 */
import { posix } from 'node:path';
import type { HealthReport, HealthState } from '../health/index.ts';
import type { Device, Tier } from '../model/device.ts';
import type { MountLine } from '../mountinfo.ts';
import type { FileSystemMembers } from '../snapshot/hardware-snapshot.ts';

export interface TraceInputs {
  /** Of the mount namespace in which the directory is named. */
  readonly mounts: readonly MountLine[];
  readonly devices: readonly Device[];
  readonly fileSystems: readonly FileSystemMembers[];
  /** By the id of a device. */
  readonly health: ReadonlyMap<string, HealthReport>;
}

export interface Trace {
  readonly directory: string;
  readonly mount: MountLine | null;
  /** One clause for each step down. */
  readonly steps: readonly string[];
  /** The disks at the end, in canonical order. */
  readonly devices: readonly Device[];
  /** Null where it is not known, with `problem`. */
  readonly tier: Tier | null;
  readonly health: HealthState;
  readonly healthReason: string;
  /** Why tier and health are unknown or incomplete; null where every step was followed. */
  readonly problem: string | null;
}

/** A loop file on a loop file on …: the kernel allows it, and trees that were made up have circles. */
const MAX_DEPTH = 16;

/** @param directory - absolute, without symbolic links: the caller has resolved them on the machine itself. */
export function traceDirectory(directory: string, inputs: TraceInputs): Trace {
  const descent = new Descent(inputs);
  const mount = mountOf(directory, inputs.mounts);
  if (mount === undefined) descent.problem(`no mount holds ${directory}`);
  else descent.fromMount(mount, directory, 0);
  const devices = inputs.devices.filter((device) => descent.found.has(device.id));
  const problem = descent.problems[0] ?? (devices.length === 0 ? 'no disk was found' : null);
  return {
    directory,
    mount: mount ?? null,
    steps: descent.steps,
    devices,
    tier: problem === null ? slowest(devices) : null,
    ...worst(devices, inputs.health, problem),
    problem: problem ?? (slowest(devices) === null ? 'a disk has no tier' : null),
  };
}

/** The mount that a path is on: the deepest one, and of several on one place the one that came last. */
export function mountOf(path: string, mounts: readonly MountLine[]): MountLine | undefined {
  let found: MountLine | undefined;
  for (const mount of mounts) {
    if (!isBelow(path, mount.mountPoint)) continue;
    if (found === undefined || mount.mountPoint.length >= found.mountPoint.length) found = mount;
  }
  return found;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

class Descent {
  readonly steps: string[] = [];
  readonly problems: string[] = [];
  /** Ids of the disks. */
  readonly found = new Set<string>();
  readonly #inputs: TraceInputs;
  readonly #byDev = new Map<string, Node>();
  readonly #byName = new Map<string, Node>();
  readonly #seen = new Set<string>();

  constructor(inputs: TraceInputs) {
    this.#inputs = inputs;
    for (const device of inputs.devices) this.#index(device);
  }

  problem(reason: string): void {
    this.problems.push(reason);
  }

  fromMount(mount: MountLine, path: string, depth: number): void {
    const { dev, source, fileSystem, mountPoint } = mount;
    const members = this.#membersOf(mount);
    const nodes = members ?? [this.#byDev.get(dev) ?? this.#byName.get(source)].filter((node) => node !== undefined);
    if (nodes.length === 0) {
      const what = source.startsWith('/dev/') ? `${source}, which is no device that was found` : source;
      this.problem(`${path} is on ${mountPoint} (${fileSystem}), which is not on a disk of this node but on ${what}`);
      return;
    }
    for (const node of nodes) {
      this.steps.push(`${path} is on ${node.name}, mounted on ${mountPoint} (${fileSystem})`);
      this.#down(node, depth);
    }
    for (const option of mount.options) {
      const [, part, path] = /^(logdev|rtdev|journal_path)=(.+)$/.exec(option) ?? [];
      if (path === undefined) continue;
      this.#downTo(path, `${mountPoint} has its ${part === 'rtdev' ? 'realtime part' : 'log'} on`, depth);
    }
  }

  /** All disks of a file system that has several: the number of its mount is no disk's, and its source names one at most. */
  #membersOf(mount: MountLine): readonly Node[] | undefined {
    if (mount.fileSystem === 'zfs') return this.#membersOfPool(mount.source.split('/', 1)[0] ?? '');
    // bcachefs writes all its devices, with colons between them.
    const [source = ''] = mount.source.split(':', 1);
    const first = this.#byDev.get(mount.dev) ?? this.#byName.get(source);
    const members = this.#inputs.fileSystems.find(
      ({ kind, devices }) => SEVERAL_DISKS.has(kind) && first !== undefined && devices.includes(first.name),
    );
    if (members === undefined) return undefined;
    return members.devices.flatMap((name) => {
      const node = this.#byName.get(`/dev/${name}`);
      if (node === undefined) this.problem(`${name}, a member of ${members.kind} ${members.id}, was not found`);
      return node ?? [];
    });
  }

  /** The kernel does not say which they are; their labels do. */
  #membersOfPool(pool: string): readonly Node[] {
    return this.#inputs.devices.flatMap((device) =>
      device.signatures
        .filter(({ type, label }) => type === 'zfs_member' && label === pool)
        .flatMap(({ on }) => this.#byName.get(`/dev/${on}`) ?? []),
    );
  }

  #down({ device, name }: Node, depth: number): void {
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    if (depth > MAX_DEPTH) {
      this.problem(`${name} is below more than ${MAX_DEPTH} layers`);
      return;
    }
    if (name !== device.kernelName && !this.#seen.has(device.kernelName)) {
      this.steps.push(`${name} is a partition of ${device.kernelName}`);
      this.#seen.add(device.kernelName);
    }
    if (!device.virtual) {
      this.found.add(device.id);
      return;
    }
    if (device.slaves.length > 0) {
      for (const slave of device.slaves) this.#downTo(`/dev/${slave}`, `${called(device)} is built on`, depth + 1);
      return;
    }
    const file = device.driver === 'loop' && device.label?.startsWith('/') === true ? device.label : undefined;
    const mount = file === undefined ? undefined : mountOf(file, this.#inputs.mounts);
    if (file !== undefined && mount !== undefined) {
      this.steps.push(`${device.kernelName} is the file ${file}`);
      this.fromMount(mount, file, depth + 1);
      return;
    }
    this.problem(`${called(device)} is virtual, and what it is made of is not known`);
  }

  #downTo(path: string, why: string, depth: number): void {
    const node = this.#byName.get(path);
    this.steps.push(`${why} ${node?.name ?? path}`);
    if (node === undefined) this.problem(`${path} was not found`);
    else this.#down(node, depth);
  }

  /** A disk answers to its own names, to those of its paths, and its partitions to theirs. */
  #index(device: Device): void {
    const whole = { device, name: device.kernelName };
    const names = [device.kernelName, ...device.paths.map(({ kernelName }) => kernelName), ...device.links];
    for (const name of names) this.#name(name, whole);
    if (device.label !== null && device.driver === 'dm') this.#name(`mapper/${device.label}`, whole);
    if (device.dev !== null) this.#byDev.set(device.dev, whole);
    for (const partition of device.partitions) {
      const part = { device, name: partition.kernelName };
      this.#name(partition.kernelName, part);
      if (partition.dev !== null) this.#byDev.set(partition.dev, part);
    }
  }

  /** The kernel writes `/` in a name as `!`. */
  #name(name: string, node: Node): void {
    for (const path of new Set([`/dev/${name}`, `/dev/${posix.normalize(name.replaceAll('!', '/'))}`])) {
      if (!this.#byName.has(path)) this.#byName.set(path, node);
    }
  }
}

const SEVERAL_DISKS: ReadonlySet<string> = new Set(['btrfs', 'bcachefs']);

interface Node {
  readonly device: Device;
  /** Of the device, or of its partition. */
  readonly name: string;
}

function called({ kernelName, label }: Device): string {
  return label === null ? kernelName : `${kernelName} (${label})`;
}

const SPEED: readonly Tier[] = ['hot', 'warm', 'cold'];

function slowest(devices: readonly Device[]): Tier | null {
  if (devices.length === 0 || devices.some(({ tier }) => tier === null)) return null;
  return SPEED.findLast((tier) => devices.some((device) => device.tier === tier)) ?? null;
}

const GRAVITY: readonly HealthState[] = ['Unhealthy', 'Degraded', 'Unknown', 'Healthy'];

function worst(
  devices: readonly Device[],
  health: TraceInputs['health'],
  problem: string | null,
): Pick<Trace, 'health' | 'healthReason'> {
  const reports = devices.map(({ id, kernelName }) => {
    const { state, reason } = health.get(id) ?? { state: 'Unknown' as const, reason: 'nobody looked' };
    return { state, reason: `${kernelName}: ${reason}` };
  });
  // What was not found counts as unknown: it covers up nothing that is known to be bad.
  if (problem !== null) reports.push({ state: 'Unknown', reason: problem });
  const state = GRAVITY.find((grave) => reports.some((report) => report.state === grave)) ?? 'Unknown';
  const reasons = reports.filter((report) => report.state === state).map(({ reason }) => reason);
  return { health: state, healthReason: reasons.join('; ') };
}
