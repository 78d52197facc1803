/**
 * Reports that somebody else has left in a folder: a job with the privileges that smartctl needs, so that the agent has none. Each file
 * is the output of `smartctl --json --all` of one disk or of one NVMe controller, under any name that ends in `.json`.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { toCoucheStorError } from '@couchestor/common/base';
import { numberAt, textAt } from '../loose-value.ts';
import type { Device } from '../model/device.ts';
import { parseSmartReport, type SmartReading, type SmartReport } from './smart-report.ts';
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
  readonly #reports: readonly KeptReport[];

  private constructor(folder: string, reports: readonly KeptReport[]) {
    this.#folder = folder;
    this.#reports = reports;
  }

  /** Thrown when the folder cannot be listed: a CoucheStorError. A file that is no report is passed over. */
  static async open(folder: string): Promise<SmartReportFolder> {
    const names = await readdir(folder).catch((thrown: unknown) => {
      throw toCoucheStorError(thrown);
    });
    const reports: KeptReport[] = [];
    for (const name of names
      .filter((one) => one.endsWith('.json'))
      .sort()
      .slice(0, MAX_FILES)) {
      const kept = await readKept(join(folder, name));
      if (kept !== undefined) reports.push(kept);
    }
    return new SmartReportFolder(folder, reports);
  }

  /**
   * By the WWN, and by the serial number where one of both has no WWN: some SAS disks add digits to their serial number, and others share
   * one. Of several reports that of a very name of the disk, then the newest.
   */
  read(device: Device): Promise<SmartReading> {
    const names = new Set([device.kernelName, ...device.paths.map(({ kernelName }) => kernelName)]);
    const best = this.#reports
      .filter(({ reading }) => isOf(device, reading.report))
      .toSorted(
        (one, other) =>
          Number(names.has(other.kernelName)) - Number(names.has(one.kernelName)) ||
          other.takenAtSeconds - one.takenAtSeconds,
      )[0];
    const known = [device.serial, device.wwn].find((name) => name !== null) ?? 'that is not known';
    const reason = `no report in ${this.#folder} is of the disk ${known}`;
    return Promise.resolve(best?.reading ?? { kind: 'nothing', reason });
  }
}

function isOf(device: Device, { serial, wwn }: SmartReport): boolean {
  if (wwn !== undefined && device.wwn !== null) return device.wwn.toLowerCase().endsWith(wwn);
  return device.serial !== null && serialOf(serial) === serialOf(device.serial);
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
