/** Numbers as the kernel writes them. Whatever else a text is, it is null: never NaN, never a number that lost digits. */

export function decimal(text: string | null): number | null {
  return text !== null && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}

export function hexadecimal(text: string | null): number | null {
  return text !== null && /^0x[0-9a-f]{1,13}$/i.test(text) ? Number(text) : null;
}

/** `size`, `start` and `chunk_sectors` count units of 512 bytes, whatever the block size of the device is. */
export function sectorsToBytes(text: string | null): number | null {
  const bytes = (decimal(text) ?? Number.NaN) * 512;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The kernel writes -1 for a function that belongs to no node. */
export function numaNode(text: string | null): number | null {
  return decimal(text);
}
