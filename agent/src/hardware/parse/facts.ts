/** Values with where they come from, while a device is put together of them. */
import { attributeOf, type Folder } from '../snapshot/hardware-snapshot.ts';
import { evidenceOf, type Evidence } from '../model/evidence.ts';
import type { Device, OriginField } from '../model/device.ts';

export interface Fact<T> {
  readonly value: T;
  readonly from: readonly Evidence[];
}

export type Facts = { readonly [Field in OriginField]: Fact<Device[Field]> };

export function fact<T>(value: T, ...from: readonly Evidence[]): Fact<T> {
  return { value, from };
}

/** What the first says that says anything, with the silence of those before it. */
export function firstKnown<T>(facts: readonly Fact<T | null>[]): Fact<T | null> {
  const tried: Evidence[] = [];
  for (const { value, from } of facts) {
    tried.push(...from);
    if (value !== null) return fact(value, ...tried);
  }
  return fact(null, ...tried);
}

/** The evidence of an attribute, whether it is there or not. */
export function seen(folder: Folder, name: string, note?: string): Evidence {
  return evidenceOf(`${folder.path}/${name}`, attributeOf(folder, name), note);
}

export function toDevice(facts: Facts, of: Pick<Device, 'kernelName' | 'sysfsPath' | 'unreadable'>): Device {
  const values: Record<string, unknown> = {};
  const origins: Record<string, readonly Evidence[]> = {};
  for (const [field, { value, from }] of Object.entries(facts)) {
    values[field] = value;
    if (from.length > 0) origins[field] = from;
  }
  return { ...(values as Omit<Device, keyof typeof of | 'origins'>), ...of, origins: origins };
}
