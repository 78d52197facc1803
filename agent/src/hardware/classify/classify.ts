/**
 * The tier of a disk: hot for NVMe, warm for SAS and SATA flash, cold for what rotates. What a disk is made of is not always to be seen (a
 * virtual machine's disk, a volume of an array far away), so rules of the configuration have the first word, in their order.
 */
import type { Device, Media, Tier, Transport } from '../model/device.ts';
import type { Evidence } from '../model/evidence.ts';

export interface TierRule {
  readonly tier: Tier | 'none';
  /** Patterns with `*` and `?`, over the whole text, without regard to case. All that are there have to match. */
  readonly model?: string;
  /** A place: a link below /dev such as `disk/by-path/pci-0000:3b:*`, a PCI address, or a folder of sysfs. */
  readonly path?: string;
  readonly id?: string;
  readonly minSizeBytes?: number;
  readonly maxSizeBytes?: number;
}

export interface Classified {
  readonly tier: Tier | null;
  readonly evidence: readonly Evidence[];
}

export function classify(device: Device, rules: readonly TierRule[] = []): Classified {
  const at = rules.findIndex((rule) => matches(device, rule));
  const rule = rules[at];
  if (rule !== undefined) {
    const evidence = { path: `configuration of tiers, rule ${at + 1}`, value: JSON.stringify(rule) };
    return { tier: rule.tier === 'none' ? null : rule.tier, evidence: [evidence] };
  }
  const from = [...(device.origins.transport ?? []), ...(device.origins.media ?? [])];
  return { tier: tierOf(device.transport, device.media), evidence: from };
}

/** The device with its tier, and where that came from. */
export function withTier(device: Device, rules: readonly TierRule[] = []): Device {
  const { tier, evidence } = classify(device, rules);
  return { ...device, tier, origins: { ...device.origins, tier: evidence } };
}

/** How fast these are nobody knows, whatever they are made of. */
const WITHOUT_TIER = new Set<Transport>(['usb', 'mmc', 'loop', 'unknown']);

function tierOf(transport: Transport, media: Media): Tier | null {
  if (WITHOUT_TIER.has(transport)) return null;
  if (media === 'hdd' || media === 'smr') return 'cold';
  if (media !== 'ssd' && media !== 'zns') return null;
  return transport.startsWith('nvme') ? 'hot' : 'warm';
}

function matches(device: Device, rule: TierRule): boolean {
  const { model, path, id, minSizeBytes = 0, maxSizeBytes = Number.POSITIVE_INFINITY } = rule;
  const bounded = rule.minSizeBytes !== undefined || rule.maxSizeBytes !== undefined;
  // A rule without a condition would be a rule for everything.
  if (model === undefined && path === undefined && id === undefined && !bounded) return false;
  if (bounded && (device.sizeBytes === null || device.sizeBytes < minSizeBytes || device.sizeBytes > maxSizeBytes))
    return false;
  if (model !== undefined && !fits(model, [device.model])) return false;
  if (id !== undefined && !fits(id, [device.id])) return false;
  return path === undefined || fits(path, placesOf(device));
}

function placesOf(device: Device): readonly (string | null)[] {
  const links = device.links.flatMap((link) => [link, `/dev/${link}`]);
  return [...links, device.sysfsPath, ...device.paths.flatMap(({ pciAddress, address }) => [pciAddress, address])];
}

function fits(pattern: string, texts: readonly (string | null)[]): boolean {
  const parts = pattern.toLowerCase().split('');
  return texts.some((text) => text !== null && fitsFrom(parts, text.toLowerCase()));
}

/** A star takes as little as it can, and more when the rest does not fit: linear in the length times the pattern, whatever they are. */
function fitsFrom(pattern: readonly string[], text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let starPosition = 0;
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = at;
      starPosition = position;
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === text[position]) {
      at += 1;
      position += 1;
    } else if (star !== -1) {
      at = star + 1;
      starPosition += 1;
      position = starPosition;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
