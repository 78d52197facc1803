/** Where reports of smartctl come from; who asks does not care whether it was run just now or long before by somebody else. */
import type { Device } from '../model/device.ts';
import type { SmartReading, SmartReport } from './smart-report.ts';

export interface SmartSource {
  /** Never rejects. */
  read(device: Device): Promise<SmartReading>;
}

/** Disks are asked a few at a time: each question is a process, and a controller may answer them one by one. */
const AT_ONCE = 4;

/** Of all disks that can have a health of their own, by the id of the device. */
export async function readSmart(
  devices: readonly Device[],
  source: SmartSource,
): Promise<ReadonlyMap<string, SmartReading>> {
  const readings = new Map<string, SmartReading>();
  const asked = devices.filter(({ virtual, media }) => !virtual && media !== 'optical').values();
  const work = async (): Promise<void> => {
    for (const device of asked) readings.set(device.id, await source.read(device));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return readings;
}

/**
 * Why a report is not of this device; undefined where it is. Names change while one looks, so the serial number decides, or the
 * WWN: some SAS disks add digits to their serial number depending on how they are asked.
 */
export function mismatchOf(device: Device, report: SmartReport): string | undefined {
  const [known, told] = [device.serial, report.serial].map((serial) => serial?.trim().toUpperCase());
  if (known !== undefined && told !== undefined && known !== told) {
    const sameUnit = report.wwn !== undefined && device.wwn?.toLowerCase().endsWith(report.wwn) === true;
    if (!sameUnit) return `the report is of the disk ${report.serial ?? ''}, not of ${device.serial ?? ''}`;
  }
  return undefined;
}
