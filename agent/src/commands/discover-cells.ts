/** Disks as cells of a table. No cell but the last of a row has a blank, so that a pipe can cut rows at blanks; `-` is nothing. */
import { formatBytes } from '@couchestor/common/base';
import type { Column } from '@couchestor/common/command-line';
import type { DeviceView } from '../hardware/index.ts';

const NOTHING = '-';

const NARROW: readonly Column<DeviceView>[] = [
  { title: 'NAME', rank: 20, of: ({ kernelName }) => kernelName },
  { title: 'TIER', rank: 19, of: ({ tier }) => tier ?? NOTHING },
  { title: 'MEDIA', rank: 12, of: ({ media, zoned }) => (zoned === null ? media : `${media},zoned`) },
  { title: 'TRANSPORT', rank: 13, of: ({ transport }) => transport },
  { title: 'SIZE', rank: 16, of: ({ sizeBytes }) => size(sizeBytes) },
  { title: 'MODEL', rank: 10, of: ({ model }) => word(model) },
  { title: 'SERIAL', rank: 14, of: ({ serial }) => word(serial) },
  { title: 'HEALTH', rank: 15, of: ({ health }) => health },
  { title: 'OFFERABLE', rank: 18, of: offerCell },
];

const WIDE: readonly Column<DeviceView>[] = [
  { title: 'ID', rank: 9, of: ({ id }) => word(id) },
  { title: 'FIRMWARE', rank: 2, of: ({ details }) => word(details.firmware) },
  { title: 'BLOCKS', rank: 3, of: blockCell },
  { title: 'PCI', rank: 4, of: ({ details }) => details.pciAddress ?? NOTHING },
  { title: 'NUMA', rank: 1, of: ({ details }) => (details.numaNode === null ? NOTHING : String(details.numaNode)) },
  { title: 'STATE', rank: 6, of: ({ details }) => word(details.state) },
  { title: 'PATHS', rank: 5, of: ({ paths }) => (paths.length === 0 ? NOTHING : paths.join(',')) },
  { title: 'ZONES', rank: 7, of: zoneCell },
];

const REASON: Column<DeviceView> = {
  title: 'WHY-NOT',
  rank: 17,
  of: ({ notOfferableReason }) => sentence(notOfferableReason),
};

export const DISK_COLUMNS: readonly Column<DeviceView>[] = [...NARROW, { ...REASON, of: firstReason }];

export const WIDE_DISK_COLUMNS: readonly Column<DeviceView>[] = [...NARROW, ...WIDE, REASON];

/** `unverified`: nothing speaks against it, and no opening of the disk has confirmed that. */
function offerCell({ offerable, details }: DeviceView): string {
  if (!offerable) return 'no';
  return details.verification === 'probed' ? 'yes' : 'unverified';
}

/** The weightiest comes first; the others are in the wide table. */
function firstReason({ notOfferableReason }: DeviceView): string {
  return sentence(notOfferableReason?.split('; ')[0] ?? null);
}

function blockCell({ logicalBlockBytes, details }: DeviceView): string {
  if (logicalBlockBytes === null) return NOTHING;
  return `${logicalBlockBytes}/${details.physicalBlockBytes ?? '?'}`;
}

function zoneCell({ zoned }: DeviceView): string {
  if (zoned === null) return NOTHING;
  return `${zoned.model},${zoned.zones ?? '?'}x${size(zoned.zoneSizeBytes)}`;
}

function word(text: string | null): string {
  const words = (text ?? '').trim();
  return words === '' ? NOTHING : printable(words.replace(/\s+/g, '_'));
}

function sentence(text: string | null): string {
  return text === null ? NOTHING : printable(text.replace(/\s+/g, ' '));
}

/** What a disk says of itself must not move the cursor of a terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

function size(bytes: number | null): string {
  return bytes === null ? NOTHING : formatBytes(bytes).replace(' ', '');
}
