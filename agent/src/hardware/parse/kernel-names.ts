/** Names of block devices: which driver gave them, which order people expect, and what a name of an NVMe path says. */

/** `sd` of `sdaa`, `nvme` of `nvme0n1`, `nullb` of `nullb0`. */
export function driverOf(kernelName: string): string {
  if (/^(sd|hd|vd|xvd)[a-z]+$/.test(kernelName)) return kernelName.startsWith('xvd') ? 'xvd' : kernelName.slice(0, 2);
  return /^[a-z]+(-(?=\d))?/i.exec(kernelName)?.[0].replace(/-$/, '') ?? kernelName;
}

/** In the order sda … sdz, sdaa; nvme2n1 before nvme10n1. A total order, whatever the names are. */
export function inOrderOfNames<T>(things: Iterable<T>, nameOf: (thing: T) => string): T[] {
  const keyed = Array.from(things, (thing) => {
    const name = nameOf(thing);
    return { thing, name, key: keyOf(name) };
  });
  keyed.sort((one, other) => compareTexts(one.key, other.key) || compareTexts(one.name, other.name));
  return keyed.map(({ thing }) => thing);
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function keyOf(name: string): string {
  const letters = /^(sd|hd|vd|xvd)([a-z]+)/.exec(name);
  const spelled =
    letters === null
      ? name
      : `${letters[1] ?? ''}${String(letters[2]?.length).padStart(3, '0')}${name.slice(letters[1]?.length)}`;
  return spelled.replace(/\d+/g, (digits) => digits.padStart(20, '0'));
}

/** `nvme3c4n1` is the way through controller 4 to the namespace nvme3n1. */
export function nvmeHeadOf(kernelName: string): { readonly head: string; readonly controller: string } | null {
  const parts = /^nvme(\d+)c(\d+)n(\d+)$/.exec(kernelName);
  return parts === null ? null : { head: `nvme${parts[1]}n${parts[3]}`, controller: `nvme${parts[2]}` };
}

/** In sysfs a slash of a name is written as an exclamation mark (`cciss!c0d0`). */
export function nodePath(kernelName: string): string {
  return `/dev/${kernelName.replaceAll('!', '/')}`;
}
