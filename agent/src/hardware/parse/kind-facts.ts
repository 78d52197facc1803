/** What the kinds of devices (NVMe, SCSI, virtio, …) tell of a device beside what all have. */
import type { Evidence } from '../model/evidence.ts';
import type { CommonFacts } from './common-facts.ts';
import type { Fact, Facts } from './facts.ts';

export type HardwareFacts = Pick<
  Facts,
  | 'transport'
  | 'remote'
  | 'media'
  | 'rotational'
  | 'rotationRpm'
  | 'model'
  | 'vendor'
  | 'firmware'
  | 'serial'
  | 'wwid'
  | 'wwn'
  | 'namespaceId'
  | 'pciAddress'
  | 'numaNode'
  | 'state'
  | 'online'
  | 'paths'
  | 'commands'
>;

export interface KindFacts {
  readonly hardware: HardwareFacts;
  readonly common: CommonFacts;
  readonly virtual: boolean;
  readonly label: Fact<string | null>;
  readonly unreadable: readonly Evidence[];
  /** Folders to which a hwmon of the device leads. */
  readonly hwmonOf: readonly string[];
}
