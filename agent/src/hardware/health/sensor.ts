/**
 * The temperature of a disk from the hardware monitor of the kernel (drivers nvme and drivetemp), which knows the limits that the
 * disk reports. Reading one asks the disk: never do it as often as discovery looks.
 */
import { valueOf } from '../snapshot/attribute.ts';
import type { TreeReader } from '../snapshot/tree-reader.ts';

export interface TemperatureReading {
  /** The file of the temperature. */
  readonly path: string;
  readonly celsius: number;
  readonly maxCelsius: number | null;
  readonly criticalCelsius: number | null;
  /** NVMe: the disk has its critical warning for temperature up. */
  readonly alarm: boolean;
}

/** Beyond them it is no temperature: disks without limits report 0 K, or 65 000 degrees. */
const COLDEST_CELSIUS = -60;
const HOTTEST_CELSIUS = 150;

/**
 * @param path - a folder of hwmon that belongs to the disk; which does, its `device` link says, never its number.
 * @returns null where it has no temperature, or none that can be read.
 */
export function readTemperature(reader: TreeReader, path: string): TemperatureReading | null {
  const celsiusOf = (name: string): number | null => {
    const text = valueOf(reader.readText(`${path}/${name}`));
    if (text === null || !/^-?\d+$/.test(text)) return null;
    const celsius = Number(text) / 1000;
    return celsius > COLDEST_CELSIUS && celsius < HOTTEST_CELSIUS ? celsius : null;
  };
  const limitOf = (name: string): number | null => {
    const celsius = celsiusOf(name);
    return celsius !== null && celsius > 0 ? celsius : null;
  };
  const celsius = celsiusOf('temp1_input');
  if (celsius === null) return null;
  return {
    path: `${path}/temp1_input`,
    celsius,
    maxCelsius: limitOf('temp1_max'),
    criticalCelsius: limitOf('temp1_crit'),
    alarm: valueOf(reader.readText(`${path}/temp1_alarm`)) === '1',
  };
}
