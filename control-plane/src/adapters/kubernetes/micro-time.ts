/** `meta/v1.MicroTime`: Go reads it with six decimals and no other number of them. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
