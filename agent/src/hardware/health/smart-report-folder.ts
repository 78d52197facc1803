/**
 * Reports that somebody else has left in a folder: a job with the privileges that smartctl needs, so that the agent has none. Each file
 * is the output of `smartctl --json --all` of one disk or of one NVMe controller, under any name that ends in `.json`.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { toCoucheStorError } from '@couchestor/common/base';
import { numberAt, textAt } from '../loose-value.ts';
import type { Device } from '../model/device.ts';
import { parseSmartReport, type SmartReading } from './smart-report.ts';
import type { SmartSource } from './smart-source.ts';

/** More files, and longer ones, are not reports of the disks of one node. */
const MAX_FILES = 4096;
const MAX_FILE_BYTES = 4 * 2 ** 20;

interface KeptReport {
  readonly reading: SmartReading & { readonly kind: 'report' };
  /** Of the device that was asked, when it was. */
  readonly kernelName: string;
  readonly takenAtSeconds: number;
}

export class SmartReportFolder implements SmartSource {
  readonly #folder: string;
  readonly #bySerial: ReadonlyMap<string, readonly KeptReport[]>;

  private constructor(folder: string, bySerial: ReadonlyMap<string, readonly KeptReport[]>) {
    this.#folder = folder;
    this.#bySerial = bySerial;
  }

  /** Thrown when the folder cannot be listed: a CoucheStorError. A file that is no report is passed over. */
  static async open(folder: string): Promise<SmartReportFolder> {
    const names = await readdir(folder).catch((thrown: unknown) => {
      throw toCoucheStorError(thrown);
    });
    const bySerial = new Map<string, KeptReport[]>();
    for (const name of names
      .filter((one) => one.endsWith('.json'))
      .sort()
      .slice(0, MAX_FILES)) {
      const kept = await readKept(join(folder, name));
      const serial = serialOf(kept?.reading.report.serial);
      if (kept === undefined || serial === undefined) continue;
      bySerial.set(serial, [...(bySerial.get(serial) ?? []), kept]);
    }
    return new SmartReportFolder(folder, bySerial);
  }

  /**
   * By the serial number; of several reports the one of that very name, then the newest. Where disks share a serial number only the WWN,
   * and else the name, tells them apart.
   */
  read(device: Device): Promise<SmartReading> {
    const reports = this.#bySerial.get(serialOf(device.serial) ?? '') ?? [];
    const wwn = device.wwn?.toLowerCase();
    const own = reports.filter(
      ({ reading }) => reading.report.wwn === undefined || wwn?.endsWith(reading.report.wwn) !== false,
    );
    const best = own.toSorted(
      (one, other) =>
        Number(other.kernelName === device.kernelName) - Number(one.kernelName === device.kernelName) ||
        other.takenAtSeconds - one.takenAtSeconds,
    )[0];
    const reason = `no report in ${this.#folder} is of the serial number ${device.serial ?? 'that is not known'}`;
    return Promise.resolve(best?.reading ?? { kind: 'nothing', reason });
  }
}

async function readKept(path: string): Promise<KeptReport | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return undefined;
    const text = await readFile(path, 'utf8');
    const reading = parseSmartReport(text);
    if (reading.kind !== 'report') return undefined;
    const json = JSON.parse(text) as unknown;
    return {
      reading,
      kernelName: posix.basename(textAt(json, 'device', 'name') ?? ''),
      takenAtSeconds: numberAt(json, 'local_time', 'time_t') ?? 0,
    };
  } catch {
    return undefined;
  }
}

function serialOf(serial: string | null | undefined): string | undefined {
  return serial?.trim().toUpperCase();
}
