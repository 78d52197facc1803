/**
 * Small files that people can read and that know when they are damaged: JSON in an envelope with the CRC32C of its text, in which every
 * byte counts. They are replaced as a whole, by the recipe of everything here that has to survive a power loss. What is damaged is an
 * error and never counts as absent.
 *
 *     {
 *       "crc32c": "0a1b2c3d",
 *       "value": the JSON over whose bytes the checksum is
 *     }
 */
import { assertInvariant, CoucheStorError } from '@couchestor/common/base';
import { chooseCrc32c, type Crc32c } from '@couchestor/common/coding';
import type { BlockDevice } from '../devices/index.ts';
import { newIncomingPath } from './layout.ts';
import type { PoolFiles } from './pool-files.ts';
import { parentOf } from './pool-path.ts';

/** More than anything that is kept in one; a longer file is damaged, and its length allocates nothing. */
const MAX_SEALED_BYTES = 4 * 1024 * 1024;

const PREFIX = '{\n  "crc32c": "';
const MIDDLE = '",\n  "value": ';
const SUFFIX = '\n}\n';
const CHECKSUM_DIGITS = 8;
const BODY_START = PREFIX.length + CHECKSUM_DIGITS + MIDDLE.length;

let crc32c: Crc32c | undefined;

/** The file's bytes. `value` is plain JSON. */
export function sealJson(value: unknown): Uint8Array {
  const body = JSON.stringify(value, undefined, 2).replaceAll('\n', '\n  ');
  return Buffer.from(`${PREFIX}${checksumOf(Buffer.from(body))}${MIDDLE}${body}${SUFFIX}`);
}

/** The value; undefined: these are not the bytes that sealJson() gave for anything. */
export function unsealJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < BODY_START + SUFFIX.length) return undefined;
  const body = file.subarray(BODY_START, file.length - SUFFIX.length);
  const envelope = `${PREFIX}${checksumOf(body)}${MIDDLE}`;
  if (!file.subarray(0, BODY_START).equals(Buffer.from(envelope))) return undefined;
  if (!file.subarray(file.length - SUFFIX.length).equals(Buffer.from(SUFFIX))) return undefined;
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return undefined;
  }
}

/**
 * After it the file holds `value`, whatever happens; if it is refused, or the power fails on the way, the old content or the new one.
 * The folder of `path` has to be there.
 */
export async function replaceSealed(files: PoolFiles, path: string, value: unknown): Promise<void> {
  const bytes = sealJson(value);
  assertInvariant(bytes.length <= MAX_SEALED_BYTES, 'a sealed file is small');
  const temporary = newIncomingPath();
  const device = await files.create(temporary);
  try {
    await writeWhole(device, bytes);
    await files.rename(temporary, path);
  } catch (error) {
    // The reason counts; what stays behind is collected when the pool is opened.
    await files.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await files.syncFolder(parentOf(path));
}

async function writeWhole(device: BlockDevice, bytes: Uint8Array): Promise<void> {
  try {
    await device.write(0, bytes);
    await device.sync();
  } finally {
    await device.close();
  }
}

const REMEDY =
  'Look at the health of the disk; restore the file from a copy, or delete it where what it says is known otherwise.';

/**
 * @param parse - of what was sealed. What it refuses as `invalid` makes the file damaged; its other errors are passed on.
 * @param remedy - for people, of a damaged one.
 * @returns undefined when there is no file.
 * @throws CoucheStorError `corrupt`: the file is not as it was written, or another program has written it.
 */
export async function readSealed<T>(
  files: PoolFiles,
  path: string,
  parse: (value: unknown) => T,
  remedy = REMEDY,
): Promise<T | undefined> {
  const damaged = (what: string, cause?: unknown): CoucheStorError => damagedFile(files, path, { what, remedy, cause });
  const device = await files.open(path);
  if (device === undefined) return undefined;
  try {
    const { sizeBytes } = device;
    if (sizeBytes > MAX_SEALED_BYTES) throw damaged(`${sizeBytes} bytes are more than it can have`);
    const bytes = device.allocate(sizeBytes);
    await device.read(0, bytes);
    const sealed = unsealJson(bytes);
    if (sealed === undefined) throw damaged('its bytes do not fit its checksum');
    return parse(sealed.value);
  } catch (error) {
    if (error instanceof CoucheStorError && error.code === 'invalid') throw damaged(error.message, error);
    throw error;
  } finally {
    await device.close();
  }
}

function damagedFile(
  files: PoolFiles,
  path: string,
  { what, remedy, cause }: { what: string; remedy: string; cause: unknown },
): CoucheStorError {
  const file = `${files.label}/${path}`;
  return new CoucheStorError('corrupt', `${file}: damaged: ${what.replace(/\.$/, '')}. ${remedy}`, {
    fields: { file, fault: 'damagedFile', remedy },
    ...(cause === undefined ? {} : { cause }),
  });
}

function checksumOf(body: Uint8Array): string {
  crc32c ??= chooseCrc32c().crc32c;
  return crc32c(body).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
