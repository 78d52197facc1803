/**
 * What `smartctl --json --all` says of one disk. Its exit code is a mask of bits, of which only the first three speak of the run and
 * the others of the disk, so that a failing disk comes with valid JSON and a code that looks like a failure; and a disk
 * whose health nobody asked may come with 0. Keys by smartctl 7.3 and what 7.4 and 7.5 have added.
 */
import { at, booleanAt, listAt, numberAt, textAt } from '../loose-value.ts';
import type { HealthCounters } from './health.ts';
import { COUNTERS_OF, type SmartCounters, type SmartProtocol } from './smart-counters.ts';

/** The bits of the exit code, smartctl(8) "EXIT STATUS". */
export interface SmartExit {
  /** Bit 0: the command line, or the type of the disk, was not understood. */
  readonly notUnderstood: boolean;
  /** Bit 1: the disk could not be opened, is asleep, or did not say what it is. */
  readonly notOpened: boolean;
  /** Bit 2: some command failed, or a checksum was wrong. Usual with SAS. */
  readonly commandFailed: boolean;
  /** Bit 3: the disk says that it is failing. */
  readonly failing: boolean;
  /** Bit 4: attributes that foretell failure are at their thresholds now. */
  readonly prefailNow: boolean;
  /** Bit 5: attributes were at their thresholds before. */
  readonly belowThresholdBefore: boolean;
  /** Bit 6: the error log has entries. */
  readonly errorsLogged: boolean;
  /** Bit 7: the log of self-tests has errors. */
  readonly selfTestFailed: boolean;
}

export interface SmartAttribute {
  readonly id: number;
  readonly name: string;
  readonly value: number;
  readonly threshold: number;
  readonly prefailure: boolean;
  /** When the value was at the threshold. */
  readonly failed: 'now' | 'past';
}

export interface SmartReport {
  readonly protocol: SmartProtocol;
  readonly exit: SmartExit;
  readonly serial: string | undefined;
  readonly wwn: string | undefined;
  /** What the disk says of itself; undefined where it was not asked or did not answer. */
  readonly passed: boolean | undefined;
  /** SCSI: why it does not pass. */
  readonly statusText: string | undefined;
  readonly counters: HealthCounters;
  /** The names under which the counters stand in the JSON. */
  readonly counterKeys: SmartCounters['keys'];
  readonly temperatureLimits: { readonly warning?: number; readonly critical?: number };
  /** ATA: those at or below their thresholds, now or before. */
  readonly failedAttributes: readonly SmartAttribute[];
}

export type SmartReading =
  | { readonly kind: 'report'; readonly report: SmartReport }
  /** Nothing about the disk was learnt, with one clause that says why. */
  | { readonly kind: 'nothing'; readonly reason: string };

export function smartExitOf(code: number): SmartExit {
  const bit = (number: number): boolean => ((code >> number) & 1) === 1;
  return {
    notUnderstood: bit(0),
    notOpened: bit(1),
    commandFailed: bit(2),
    failing: bit(3),
    prefailNow: bit(4),
    belowThresholdBefore: bit(5),
    errorsLogged: bit(6),
    selfTestFailed: bit(7),
  };
}

/**
 * @param text - what smartctl has printed.
 * @param exitCode - what it ended with; where only its output was kept, the copy in it counts.
 */
export function parseSmartReport(text: string, exitCode?: number): SmartReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return {
      kind: 'nothing',
      reason: `smartctl printed no JSON${exitCode === undefined ? '' : ` (exit code ${exitCode})`}`,
    };
  }
  const code = exitCode ?? numberAt(json, 'smartctl', 'exit_status');
  if (code === undefined) return { kind: 'nothing', reason: 'the JSON is not from smartctl' };
  const exit = smartExitOf(code);
  const messages = listAt(json, 'smartctl', 'messages').flatMap((message) => textAt(message, 'string') ?? []);
  const because = messages.length === 0 ? '' : `: ${messages.join('; ')}`;
  if (exit.notUnderstood) return { kind: 'nothing', reason: `smartctl does not know this kind of disk${because}` };
  const power = textAt(json, 'power_mode', 'name');
  if (exit.notOpened && power !== undefined)
    return { kind: 'nothing', reason: `the disk is in ${power} and was left asleep` };
  const protocol = protocolOf(json);
  if (protocol === undefined) return { kind: 'nothing', reason: `smartctl could not ask the disk${because}` };
  const { counters, keys } = COUNTERS_OF[protocol](json);
  return {
    kind: 'report',
    report: {
      protocol,
      exit,
      serial: textAt(json, 'serial_number'),
      wwn: wwnOf(json),
      passed: booleanAt(json, 'smart_status', 'passed'),
      statusText: textAt(json, 'smart_status', 'scsi', 'ie_string'),
      counters,
      counterKeys: keys,
      temperatureLimits: temperatureLimitsOf(json),
      failedAttributes: failedAttributesOf(json),
    },
  };
}

function protocolOf(json: unknown): SmartProtocol | undefined {
  const protocol = textAt(json, 'device', 'protocol');
  return protocol === 'NVMe' || protocol === 'ATA' || protocol === 'SCSI' ? protocol : undefined;
}

/** Hexadecimal digits alone, as the kernel has them behind `naa.`. */
function wwnOf(json: unknown): string | undefined {
  const unit = textAt(json, 'logical_unit_id');
  if (unit !== undefined) return unit.replace(/^0x/i, '').toLowerCase();
  const [naa, oui, id] = ['naa', 'oui', 'id'].map((key) => numberAt(json, 'wwn', key));
  if (naa === undefined || oui === undefined || id === undefined) return undefined;
  return naa.toString(16) + oui.toString(16).padStart(6, '0') + id.toString(16).padStart(9, '0');
}

function temperatureLimitsOf(json: unknown): SmartReport['temperatureLimits'] {
  const positive = (...path: string[]): number | undefined => {
    const celsius = numberAt(json, ...path);
    return celsius !== undefined && celsius > 0 ? celsius : undefined;
  };
  const warning =
    positive('temperature', 'op_limit_max') ?? positive('nvme_composite_temperature_threshold', 'warning');
  const critical =
    positive('temperature', 'critical_limit_max') ??
    positive('temperature', 'limit_max') ??
    positive('temperature', 'drive_trip');
  return { ...(warning !== undefined && { warning }), ...(critical !== undefined && { critical }) };
}

function failedAttributesOf(json: unknown): readonly SmartAttribute[] {
  return listAt(json, 'ata_smart_attributes', 'table').flatMap((attribute) => {
    const [id, value, threshold] = ['id', 'value', 'thresh'].map((key) => numberAt(attribute, key));
    const failed = textAt(attribute, 'when_failed');
    if (id === undefined || value === undefined || threshold === undefined) return [];
    if (failed !== 'now' && failed !== 'past') return [];
    return {
      id,
      name: textAt(attribute, 'name') ?? 'unnamed',
      value,
      threshold,
      prefailure: at(attribute, 'flags', 'prefailure') === true,
      failed,
    };
  });
}
