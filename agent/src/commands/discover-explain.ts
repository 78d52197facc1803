/** `discover --explain`: every answer about one disk with the attributes from which it came. */
import { closest, CoucheStorError, quote } from '@couchestor/common/base';
import { printable } from './discover-cells.ts';
import {
  viewOf,
  type Device,
  type Evidence,
  type FailurePrediction,
  type HardwareLook,
  type HealthEvidence,
  type ObservedDevice,
  type OriginField,
} from '../hardware/index.ts';

/** Thrown: CoucheStorError `notFound`, or `conflict` where several disks answer to the name. */
export function findDisk(name: string, devices: readonly ObservedDevice[]): ObservedDevice {
  const wanted = name.replace(/^\/dev\//, '');
  const answers = ({ device }: ObservedDevice): readonly (string | null)[] => [
    device.id,
    device.kernelName,
    device.serial,
    device.wwn,
    device.label,
    ...device.links,
    ...device.paths.map(({ kernelName }) => kernelName),
    ...device.partitions.map(({ kernelName }) => kernelName),
  ];
  const exact = devices.filter(({ device }) => device.id === wanted || device.kernelName === wanted);
  const found = exact.length > 0 ? exact : devices.filter((one) => answers(one).includes(wanted));
  const [disk, other] = found;
  if (disk === undefined) {
    const near = closest(
      wanted,
      devices.flatMap((one) => [one.device.kernelName, one.device.id]),
    );
    const hint = near === undefined ? 'discover lists what there is' : `did you mean ${near}?`;
    throw new CoucheStorError('notFound', `No disk has the name, id, serial number or WWN ${quote(name)}; ${hint}`);
  }
  if (other === undefined) return disk;
  const ids = found.map(({ device }) => device.id).join(', ');
  throw new CoucheStorError('conflict', `Several disks answer to ${quote(name)}; give one of their ids: ${ids}.`);
}

export interface Explanation {
  readonly node: string;
  readonly device: ReturnType<typeof viewOf>;
  /** By the name of the answer: what it was concluded from. */
  readonly origins: Readonly<Partial<Record<OriginField, readonly Evidence[]>>>;
  readonly uses: ObservedDevice['uses'];
  readonly refusals: ObservedDevice['offer']['refusals'];
  readonly health: ObservedDevice['health'];
  readonly predictions: readonly FailurePrediction[];
  readonly unreadable: readonly Evidence[];
}

export function explanationOf(node: string, disk: ObservedDevice, look: HardwareLook): Explanation {
  return {
    node,
    device: viewOf(disk),
    origins: disk.device.origins,
    uses: disk.uses,
    refusals: disk.offer.refusals,
    health: disk.health,
    predictions: look.health.get(disk.device.id)?.predictions ?? [],
    unreadable: disk.device.unreadable,
  };
}

export function explanationText(disk: ObservedDevice, explanation: Explanation): string {
  const { device, origins, uses, refusals, health, predictions, unreadable } = explanation;
  const lines = [`${device.kernelName}  ${device.id}`, ''];
  for (const [name, from] of Object.entries(origins)) {
    lines.push(`${name}: ${shown(disk.device[name as OriginField])}`, ...from.map(evidenceLine));
  }
  lines.push('', uses.length === 0 ? 'in use: no' : 'in use: yes');
  for (const { reason, evidence } of uses) lines.push(`  ${reason}`, ...evidence.map(evidenceLine));
  lines.push('', `offerable: ${device.offerable ? 'yes' : 'no'}, ${verified(device.details)}`);
  for (const { reason, liftedBy, evidence } of refusals) {
    lines.push(`  ${reason}${liftedBy === null ? '' : ` (lifted by ${liftedBy})`}`, ...evidence.map(evidenceLine));
  }
  lines.push('', `health: ${health.state}: ${health.reason}`, ...health.evidence.map(healthLine));
  if (predictions.length > 0) lines.push('', 'foretells failure:', ...predictions.map(predictionLine));
  if (unreadable.length > 0) lines.push('', 'could not be read:', ...unreadable.map(evidenceLine));
  return `${lines.map(printable).join('\n')}\n`;
}

function verified({ verification, unverifiedBecause }: Explanation['device']['details']): string {
  return verification === 'probed' ? 'probed by opening it' : `unverified: ${unverifiedBecause ?? 'it was not opened'}`;
}

function shown(value: Device[OriginField]): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function evidenceLine({ path, value, note }: Evidence): string {
  return `    ${path}${value === null ? '' : ` = ${quote(value)}`}${note === undefined ? '' : ` (${note})`}`;
}

function healthLine({ source, attribute, value, threshold, verdict, detail }: HealthEvidence): string {
  const against = threshold === undefined ? '' : `, threshold ${threshold}`;
  return `    ${verdict}: ${detail}: ${attribute} = ${String(value)}${against} (${source})`;
}

function predictionLine({ attribute, value, valueThen, threshold, sinceMs, verdict }: FailurePrediction): string {
  const against = threshold === null ? '' : `, threshold ${threshold}`;
  const rise = value === valueThen ? '' : `, then ${String(valueThen)}`;
  return `    ${verdict} since ${new Date(sinceMs).toISOString()}: ${attribute} = ${String(value)}${against}${rise}`;
}
