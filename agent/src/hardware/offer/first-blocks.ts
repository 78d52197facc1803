/**
 * What the bytes at both ends of a disk are: the marks by which file systems, volume managers and arrays know their own. A pure function
 * of the bytes; it need not tell versions apart, only what somebody could miss. Offsets are those of libblkid's probes.
 */

/** Bytes that have to be read from the start, and from the end, of which the last ones hold marks as well. */
export const HEAD_BYTES = 256 * 1024;
export const TAIL_BYTES = 128 * 1024;

export interface DiskEnds {
  readonly head: Uint8Array;
  /** Ends with the disk. */
  readonly tail: Uint8Array;
}

interface Mark {
  readonly type: string;
  /** From the start; below zero from the end. */
  readonly at: number;
  readonly magic: string;
}

const MARKS: readonly Mark[] = [
  ...[0, 512, 1024, 1536].map((at): Mark => ({ type: 'LVM2_member', at, magic: 'LABELONE' })),
  { type: 'crypto_LUKS', at: 0, magic: 'LUKS\xba\xbe' },
  { type: 'crypto_LUKS', at: 0x4000, magic: 'SKUL\xba\xbe' },
  { type: 'BitLocker', at: 3, magic: '-FVE-FS-' },
  { type: 'xfs', at: 0, magic: 'XFSB' },
  { type: 'xfs_external_log', at: 0, magic: '\xfe\xed\xba\xbe' },
  { type: 'ext', at: 0x438, magic: '\x53\xef' },
  { type: 'btrfs', at: 0x10040, magic: '_BHRfS_M' },
  { type: 'f2fs', at: 0x400, magic: '\x10\x20\xf5\xf2' },
  { type: 'swap', at: 4086, magic: 'SWAPSPACE2' },
  { type: 'swap', at: 65526, magic: 'SWAPSPACE2' },
  { type: 'swsuspend', at: 4086, magic: 'S1SUSPEND' },
  { type: 'linux_raid_member', at: 0, magic: '\xfc\x4e\x2b\xa9' },
  { type: 'linux_raid_member', at: 4096, magic: '\xfc\x4e\x2b\xa9' },
  { type: 'bcache', at: 4096 + 24, magic: '\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81' },
  { type: 'bcachefs', at: 4096 + 24, magic: '\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef' },
  { type: 'ceph_bluestore', at: 0, magic: 'bluestore block device' },
  { type: 'spdk_blobstore', at: 0, magic: 'SPDKBLOB' },
  { type: 'ntfs', at: 3, magic: 'NTFS    ' },
  { type: 'exfat', at: 3, magic: 'EXFAT   ' },
  { type: 'vfat', at: 54, magic: 'FAT1' },
  { type: 'vfat', at: 82, magic: 'FAT32   ' },
  { type: 'iso9660', at: 0x8001, magic: 'CD001' },
  { type: 'squashfs', at: 0, magic: 'hsqs' },
  { type: 'gpt', at: 512, magic: 'EFI PART' },
  { type: 'gpt', at: 4096, magic: 'EFI PART' },
  { type: 'gpt', at: -512, magic: 'EFI PART' },
  { type: 'gpt', at: -4096, magic: 'EFI PART' },
  { type: 'drbd', at: -4096 + 60, magic: '\x83\x74\x02\x6b' },
  { type: 'ddf_raid_member', at: -512, magic: '\xde\x11\xde\x11' },
  { type: 'isw_raid_member', at: -1024, magic: 'Intel Raid ISM Cfg Sig. ' },
];

const MD_MAGIC = '\xfc\x4e\x2b\xa9';

/** Types in the order of the list, each once. A disk whose ends are all zeros has none and is blank. */
export function signaturesIn(ends: DiskEnds): { readonly types: readonly string[]; readonly blank: boolean } {
  const head = Buffer.from(ends.head.buffer, ends.head.byteOffset, ends.head.byteLength);
  const tail = Buffer.from(ends.tail.buffer, ends.tail.byteOffset, ends.tail.byteLength);
  const types = new Set<string>();
  for (const { type, at, magic } of MARKS) {
    if (at >= 0 ? isAt(head, at, magic) : isAt(tail, tail.length + at, magic)) types.add(type);
  }
  if (mdAtEnd(tail)) types.add('linux_raid_member');
  if (zfsLabel(head) || zfsLabel(tail)) types.add('zfs_member');
  if (types.size === 0 && isAt(head, 510, '\x55\xaa')) types.add('dos');
  return { types: [...types], blank: isZero(head) && isZero(tail) };
}

function isAt(bytes: Buffer, at: number, magic: string): boolean {
  return at >= 0 && bytes.toString('latin1', at, at + magic.length) === magic;
}

/** Superblock 1.0 is in the last 12 KiB, on a boundary of 4 KiB; 0.90 on the last boundary of 64 KiB that has 64 KiB behind it. */
function mdAtEnd(tail: Buffer): boolean {
  for (let at = tail.length - 12 * 1024; at < tail.length; at += 512) if (isAt(tail, at, MD_MAGIC)) return true;
  for (let at = 0; at <= tail.length - 64 * 1024; at += 512) if (isAt(tail, at, MD_MAGIC)) return true;
  return false;
}

/** Two labels of 256 KiB are at each end; their uberblocks, in the last half, begin with this number in either byte order. */
function zfsLabel(bytes: Buffer): boolean {
  for (let at = Math.max(0, bytes.length - 128 * 1024); at + 8 <= bytes.length; at += 1024) {
    if (isAt(bytes, at, '\x0c\xb1\xba\x00\x00\x00\x00\x00') || isAt(bytes, at, '\x00\x00\x00\x00\x00\xba\xb1\x0c'))
      return true;
  }
  return false;
}

function isZero(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}
