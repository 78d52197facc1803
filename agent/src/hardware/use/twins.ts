/**
 * Devices that may be one disk under two names, although nothing made them one device: those that share their name for the world and differ in
 * what else they say of themselves, and those of which one alone shows such a name, beside one serial. Whether they are two disks nobody
 * can tell from here, and opening one for exclusive use does not keep the other from being written.
 */
import type { Device } from '../model/device.ts';
import type { Evidence } from '../model/evidence.ts';

export interface Twin {
  readonly device: Device;
  /** What both have: `naa.5000…`. */
  readonly shared: string;
  readonly evidence: readonly Evidence[];
}

/** By the id of a device. Disks without a name for the world that share a serial are two: makers give one to many. */
export function twinsOf(devices: readonly Device[]): ReadonlyMap<string, readonly Twin[]> {
  const real = devices.filter(({ virtual }) => !virtual);
  const groups = [
    ...grouped(real, ({ wwid }) => (wwid === null ? null : plain(wwid))),
    ...grouped(real, serialKey).filter(
      (group) => group.some(({ wwid }) => wwid === null) && group.some(({ wwid }) => wwid !== null),
    ),
  ];
  const twins = new Map<string, Twin[]>();
  for (const group of groups) {
    for (const device of group) {
      const known = twins.get(device.id) ?? [];
      const others = group.filter((other) => other !== device && isTwin(device, other, known));
      const found = others.map((other): Twin => {
        const byName = other.wwid !== null && device.wwid !== null;
        const shared = byName ? `the name ${plain(device.wwid)}` : `the serial ${device.serial ?? ''}`;
        const field = byName ? 'wwid' : 'serial';
        return { device: other, shared, evidence: [device, other].flatMap(({ origins }) => origins[field] ?? []) };
      });
      twins.set(device.id, [...known, ...found]);
    }
  }
  return twins;
}

function isTwin(device: Device, other: Device, known: readonly Twin[]): boolean {
  if (known.some((twin) => twin.device === other)) return false;
  // Of two with names and one without, those with names are known to differ.
  return device.wwid === null || other.wwid === null
    ? device.wwid !== other.wwid
    : plain(device.wwid) === plain(other.wwid);
}

function grouped(devices: readonly Device[], keyOf: (device: Device) => string | null): readonly Device[][] {
  const groups = new Map<string, Device[]>();
  for (const device of devices) {
    const key = keyOf(device);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), device]);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

function serialKey({ driver, model, serial, namespaceId }: Device): string | null {
  return serial === null ? null : [driver, model, serial, namespaceId].join('\n');
}

/** Names of text are padded. */
function plain(wwid: string): string {
  return wwid.replace(/\s+/g, ' ');
}
