/** From a snapshot to answers: the devices of a machine with their tiers, their uses, and whether each may be offered. */
import type { DeviceAssessment } from './model/assessment.ts';
import type { Device } from './model/device.ts';
import { withTier, type TierRule } from './classify/classify.ts';
import { isWorthProbing, offerOf, type OfferFacts, type OfferPolicy } from './offer/offer.ts';
import type { ProbeResult } from './offer/probe.ts';
import { NodeIndex } from './parse/node-index.ts';
import { parseDevices } from './parse/parse-devices.ts';
import type { Gap, HardwareSnapshot } from './snapshot/hardware-snapshot.ts';
import { twinsOf } from './use/twins.ts';
import { unknownUsers } from './use/unknown-users.ts';
import { UseFinder } from './use/uses.ts';

export interface AssessmentPolicy extends OfferPolicy {
  readonly tiers?: readonly TierRule[];
}

/** What else is known of devices, by id. */
export interface Findings {
  readonly failing?: ReadonlyMap<string, NonNullable<OfferFacts['failing']>>;
  readonly probes?: ReadonlyMap<string, ProbeResult>;
}

/** The devices of a snapshot, in canonical order, each with its tier. Pure. */
export function devicesOf(snapshot: HardwareSnapshot, policy: AssessmentPolicy = {}): readonly Device[] {
  return parseDevices(snapshot).map((device) => withTier(device, policy.tiers));
}

/**
 * What is said of each device. Pure; to be called again when probes have found something. `devices` are those of devicesOf() for
 * this snapshot.
 */
export function assessDevices(
  snapshot: HardwareSnapshot,
  devices: readonly Device[],
  policy: AssessmentPolicy & Findings = {},
): readonly DeviceAssessment[] {
  const nodes = new NodeIndex(snapshot);
  const uses = new UseFinder(snapshot, nodes);
  const gaps = [...gapsOf(snapshot), ...unknownUsers(snapshot, nodes)];
  const twins = twinsOf(devices);
  return devices.map((device) => {
    const probe = policy.probes?.get(device.id) ?? null;
    const found = uses.usesOf(device).filter(({ presumed }) => presumed !== true || probe?.kind !== 'free');
    const facts = {
      uses: found,
      gaps,
      twins: twins.get(device.id) ?? [],
      failing: policy.failing?.get(device.id) ?? null,
      probe,
    };
    return { device, uses: found, offer: offerOf(device, facts, policy) };
  });
}

/** Those of which a probe could say more. */
export function probeCandidates(assessments: readonly DeviceAssessment[]): readonly Device[] {
  return assessments.filter(({ offer }) => isWorthProbing(offer)).map(({ device }) => device);
}

/** A machine whose mounts cannot be seen looks like one on which nothing is mounted. */
function gapsOf(snapshot: HardwareSnapshot): readonly Gap[] {
  const own = snapshot.mounts.filter((table) => table.own && (table.text.kind !== 'value' || table.text.value === ''));
  const gaps: Gap[] = own.map(({ path, text }) => ({
    path,
    errno: text.kind === 'unreadable' ? text.errno : text.kind === 'value' ? 'empty' : 'absent',
    of: 'holders',
  }));
  // A kernel without swap has no list of it.
  if (snapshot.swaps.kind === 'unreadable')
    gaps.push({ path: '/proc/swaps', errno: snapshot.swaps.errno, of: 'holders' });
  return [...gaps, ...snapshot.gaps];
}
