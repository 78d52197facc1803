/**
 * What devices refuse, and what the operating system refuses them, as the one error: with the device, the operation and what a
 * person can do about it. Callers that must tell cases apart look at `fields.fault`, and for the system's own at `fields.errno`.
 */
import { CoucheStorError, isError, toCoucheStorError, type ErrorCode, type ErrorFields } from '@couchestor/common/base';

export type DeviceOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'close'
  | 'openZone'
  | 'closeZone'
  | 'finishZone'
  | 'resetZone'
  | 'allocate'
  | 'rename'
  | 'unlink'
  | 'makeFolder'
  | 'removeFolder'
  | 'syncFolder'
  | 'entries'
  | 'stat'
  | 'space'
  | 'lock';

/** Every fault that a device itself finds, with the code and the remedy that go with it. */
const FAULTS = {
  misaligned: ['invalid', 'Use multiples of blockBytes, and buffers that allocate() of the device has made.'],
  outOfRange: ['invalid', 'Read below sizeBytes, and write at sizeBytes or below.'],
  readOnly: ['forbidden', 'Open it for writing.'],
  closed: ['gone', 'Open it again.'],
  poisoned: [
    'unavailable',
    'Close it, look at the kernel log, and write again from its source whatever was written since the last sync that succeeded.',
  ],
  endedEarly: [
    'corrupt',
    'Somebody else has shortened it: treat what it held as lost, and rebuild it from other copies.',
  ],
  noProgress: ['unavailable', 'Look at the kernel log and at the health of the disk.'],
  noDirectIo: ['unsupported', 'Put it on a disk with ext4 or XFS, or use plain files.'],
  badFormat: ['corrupt', 'If nothing on it is needed, delete it and make a new one.'],
  notAFile: ['invalid', 'Name a regular file.'],
  notAFolder: ['invalid', 'Move it away and let a folder be made: links and files in its place are not followed.'],
  badPath: ['invalid', 'Name what is below the folder, without ".", ".." and empty names.'],
  badGeometry: ['invalid', 'Give a geometry that fits itself and the device.'],
  noSuchZone: ['invalid', 'Ask for the zones that the report lists.'],
  notAtWritePointer: ['invalid', 'Ask for the write pointer and write there.'],
  beyondWritePointer: ['invalid', 'Read only what was written since the last reset of the zone.'],
  acrossZones: ['invalid', 'Split what is read or written at the end of the zone.'],
  beyondZoneCapacity: ['invalid', 'A zone ends at its capacity: go on in another one.'],
  tooManyOpenZones: ['resourceExhausted', 'Close or finish a zone first.'],
  tooManyActiveZones: ['resourceExhausted', 'Finish or reset a zone first.'],
  wrongZoneCondition: ['conflict', 'Ask for the condition of the zone.'],
  zoneReadOnly: ['forbidden', 'Copy what is live out of the zone, and replace the disk when zones keep failing.'],
  zoneOffline: ['unavailable', 'Rebuild what the zone held from other copies, and replace the disk.'],
  zoneHasLiveExtents: ['conflict', 'Copy them elsewhere and release them first.'],
  notLive: ['notFound', 'Release an extent once, as it was handed out.'],
  extentFull: ['resourceExhausted', 'Ask for a longer extent.'],
  noRoom: ['resourceExhausted', 'Release what is dead, and reset the zones that victim() names.'],
} as const satisfies Record<string, readonly [ErrorCode, string]>;

export type DeviceFault = keyof typeof FAULTS;

/** The same call, unchanged, succeeds only after somebody made room or repaired something. */
const RETRYABLE: ReadonlySet<DeviceFault> = new Set<DeviceFault>(['noRoom', 'tooManyOpenZones', 'tooManyActiveZones']);

export interface FailedCall {
  readonly device: string;
  readonly operation: DeviceOperation;
}

export interface FaultDetails {
  readonly cause?: unknown;
  readonly fields?: ErrorFields;
}

/** @param what - one clause without a full stop: what is wrong, with its numbers. */
export function deviceError(
  fault: DeviceFault,
  call: FailedCall,
  what: string,
  details: FaultDetails = {},
): CoucheStorError {
  const [code, remedy] = FAULTS[fault];
  return new CoucheStorError(code, sentence(call, what, remedy), {
    retryable: RETRYABLE.has(fault),
    fields: { ...details.fields, ...call, fault, remedy },
    ...('cause' in details ? { cause: details.cause } : {}),
  });
}

/**
 * How the block layer tells of a failed disk (blk_status_to_errno() in the kernel): in general, a bad medium, no answer in time, no
 * way to it, its own refusal, a checksum that does not fit on the way to it, somebody else's reservation.
 */
export const DISK_ERRNOS = ['EIO', 'ENODATA', 'ETIMEDOUT', 'ENOLINK', 'EREMOTEIO', 'EILSEQ', 'EBADE'] as const;

/** The file system was shut down, or the disk below it has left. */
const DISK_GONE = {
  code: 'unavailable',
  retryable: false,
  remedy:
    'The disk or its file system is gone: look at the kernel log, repair and mount it again, and restart the process.',
} as const;

const DISK_FAILED = {
  code: 'unavailable',
  retryable: false,
  remedy: 'The disk failed: look at the kernel log and at SMART, and take the bytes from other copies.',
} as const;

const FILE_SYSTEM_DAMAGED = {
  code: 'unavailable',
  retryable: false,
  remedy: 'The file system is damaged: unmount it, repair it (fsck, xfs_repair), and scrub what was on it.',
} as const;

/** What people can do about an errno; where it is not listed, the code says enough. */
const ERRNOS: Readonly<
  Record<string, { readonly code?: ErrorCode; readonly remedy: string; readonly retryable?: boolean }>
> = {
  ...Object.fromEntries(DISK_ERRNOS.map((errno) => [errno, DISK_FAILED])),
  ENOSPC: { remedy: 'Free space or inodes on the file system, or add a disk; what is stored stays readable.' },
  EDQUOT: {
    code: 'resourceExhausted',
    retryable: true,
    remedy: 'Raise the quota of the user on the file system; what is stored stays readable.',
  },
  EUCLEAN: FILE_SYSTEM_DAMAGED,
  EBADMSG: FILE_SYSTEM_DAMAGED,
  ESHUTDOWN: DISK_GONE,
  ENODEV: DISK_GONE,
  ENXIO: DISK_GONE,
  EROFS: { remedy: 'The kernel mounts read-only after an error: look at its log, then repair and mount it again.' },
  EMFILE: { remedy: 'Raise the limit of open files of the process (ulimit -n, LimitNOFILE).' },
  ENFILE: { remedy: 'Raise the limit of open files of the machine (fs.file-max).' },
  ENOENT: { remedy: 'Check that the disk is mounted and the path is right.' },
  EEXIST: { remedy: 'Choose another name, or delete the file if nothing on it is needed.' },
  EACCES: { remedy: 'Give the user of the process access to the path.' },
  ELOOP: { code: 'invalid', remedy: 'Name the file itself: symbolic links are not followed.' },
  EISDIR: { code: 'invalid', remedy: 'Name a file, not a directory.' },
  ENOTDIR: { code: 'invalid', remedy: 'Check the path: a part of it is a file, not a directory.' },
};

const OTHER_ERRNO = { remedy: 'Look at the kernel log.' };

/** Errors of file systems on Linux that libuv has no name for, by their negative numbers. */
const UNNAMED: ReadonlyMap<unknown, string> = new Map([
  [-52, 'EBADE'],
  [-67, 'ENOLINK'],
  [-74, 'EBADMSG'],
  [-117, 'EUCLEAN'],
  [-122, 'EDQUOT'],
]);

export function errnoOf(thrown: unknown): string | undefined {
  if (!isError(thrown)) return undefined;
  const name = 'errno' in thrown ? UNNAMED.get(thrown.errno) : undefined;
  if (name !== undefined) return name;
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** A failed system call as the one error. What is a CoucheStorError already comes back as it is. */
export function systemError(thrown: unknown, call: FailedCall): CoucheStorError {
  if (thrown instanceof CoucheStorError) return thrown;
  const errno = errnoOf(thrown) ?? 'unknown';
  const { code, remedy, retryable } = { code: undefined, retryable: undefined, ...(ERRNOS[errno] ?? OTHER_ERRNO) };
  const general = toCoucheStorError(thrown);
  return new CoucheStorError(code ?? general.code, sentence(call, withoutCall(general), remedy), {
    retryable: retryable ?? general.retryable,
    fields: { ...call, fault: 'system', errno, remedy },
    cause: thrown,
  });
}

/** Node's message ends in the call and the path that was used, which need not be the one that people know. */
function withoutCall({ message, cause }: CoucheStorError): string {
  if (!isError(cause) || !('syscall' in cause) || typeof cause.syscall !== 'string') return message;
  const end = message.indexOf(`, ${cause.syscall}`);
  return end < 0 ? message : message.slice(0, end);
}

function sentence({ device, operation }: FailedCall, what: string, remedy: string): string {
  return `${device}: ${operation}: ${what.replace(/\.$/, '')}. ${remedy}`;
}
