/** What is said of a device: whether it is in use, and whether it may be offered, each with everything that speaks for it. */
import type { Evidence } from './evidence.ts';
import type { Device } from './device.ts';

export type UseKind = 'mount' | 'swap' | 'holder' | 'member' | 'log' | 'export' | 'open' | 'backing';

export interface Use {
  readonly kind: UseKind;
  /** A phrase: `partition sda2 is mounted on /var/lib/data (ext4)`. */
  readonly reason: string;
  readonly evidence: readonly Evidence[];
  /** Those who use it leave no other trace than this, which may be an old one: only a probe can tell. */
  readonly presumed?: true;
}

export const REFUSALS = [
  'inUse',
  'failingHealth',
  'unreadable',
  'errorHistory',
  'removable',
  'usb',
  'virtual',
  'optical',
  'noSize',
  'readOnly',
  'offline',
  'hiddenPath',
  'remote',
  'signature',
  'signaturesUnknown',
  'unclassified',
  'usesUnknown',
] as const;
export type RefusalKind = (typeof REFUSALS)[number];

export interface Refusal {
  readonly kind: RefusalKind;
  readonly reason: string;
  /** What an operator may decide against it. */
  readonly liftedBy: 'force' | 'configuration' | null;
  readonly evidence: readonly Evidence[];
  /** Of a use that is, or that cannot be seen: a probe may find that nobody has the disk. */
  readonly presumed?: true;
}

/**
 * `probed`: it was opened for exclusive use and its first blocks were read; `unverified`: that was not permitted or not asked for, and
 * what is said rests on what the kernel and udev show.
 */
export type Verification = 'probed' | 'unverified';

export interface Offer {
  readonly offerable: boolean;
  /** Every one, the weightiest first; empty exactly when it is offerable. */
  readonly refusals: readonly Refusal[];
  readonly verification: Verification;
  /** Why it is unverified; null when it was probed. */
  readonly unverifiedBecause: string | null;
}

export interface DeviceAssessment {
  readonly device: Device;
  readonly uses: readonly Use[];
  readonly offer: Offer;
}
