/** Texts that hardware pads to a length, with spaces or zeros. */

/** What is left without padding; null when that is nothing. */
export function trimmed(text: string | null): string | null {
  const bare = text?.replace(/\0/g, ' ').trim() ?? '';
  return bare === '' ? null : bare;
}
