/**
 * Whether a disk may be offered, with every reason against it. Offering a disk means that somebody will overwrite it, so what is
 * not known counts against it, and a disk that errs is no empty disk. Pure: what the probe found is handed in.
 */
import { REFUSALS, type Offer, type Refusal, type RefusalKind, type Use } from '../model/assessment.ts';
import type { Device, OriginField } from '../model/device.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Gap } from '../snapshot/hardware-snapshot.ts';
import type { Twin } from '../use/twins.ts';
import type { ProbeResult } from './probe.ts';

export interface OfferFacts {
  readonly uses: readonly Use[];
  /** Lists without which nobody can say that a disk is not in use. */
  readonly gaps: readonly Gap[];
  /** Devices that may be the same disk; none of them is offered, as using one would be using the other. */
  readonly twins: readonly Twin[];
  /** Why its health keeps it from being offered; null where it does not. */
  readonly failing: { readonly reason: string; readonly evidence: readonly Evidence[] } | null;
  /** Null where no probe was asked for. */
  readonly probe: ProbeResult | null;
}

export interface OfferPolicy {
  /** Offer what is reached through a network. */
  readonly remote?: boolean;
  /** Disks, by id or kernel name, whose old content somebody has given up. */
  readonly force?: ReadonlySet<string>;
}

export function offerOf(device: Device, facts: OfferFacts, policy: OfferPolicy = {}): Offer {
  const forced = policy.force?.has(device.id) === true || policy.force?.has(device.kernelName) === true;
  const refusals = [
    ...useRefusals(device, facts),
    ...twinRefusals(facts),
    ...healthRefusals(device, facts),
    ...kindRefusals(device),
    ...stateRefusals(device, facts),
    ...signatureRefusals(device, facts),
    ...policyRefusals(device, policy),
  ].filter(({ liftedBy }) => liftedBy !== 'force' || !forced);
  refusals.sort((one, other) => REFUSALS.indexOf(one.kind) - REFUSALS.indexOf(other.kind));
  const probed = facts.probe !== null && facts.probe.kind !== 'denied';
  return {
    offerable: refusals.length === 0,
    refusals,
    verification: probed ? 'probed' : 'unverified',
    unverifiedBecause: probed ? null : unverifiedBecause(facts.probe),
  };
}

const LIFTED_BY_PROBE = new Set<RefusalKind>(['signaturesUnknown', 'errorHistory']);

/** Whether opening the disk could change the answer: a probe of what is refused anyway would only disturb it. */
export function isWorthProbing(offer: Offer): boolean {
  return offer.refusals.every(({ kind, presumed }) => presumed === true || LIFTED_BY_PROBE.has(kind));
}

function unverifiedBecause(probe: ProbeResult | null): string {
  return probe?.kind === 'denied' ? `it could not be opened: ${probe.reason}` : 'it was not opened';
}

function refusal(
  kind: RefusalKind,
  reason: string,
  evidence: readonly Evidence[],
  liftedBy: Refusal['liftedBy'] = null,
): Refusal {
  return { kind, reason, liftedBy, evidence };
}

function useRefusals(device: Device, { uses, gaps, probe }: OfferFacts): readonly Refusal[] {
  const found = uses.map(({ reason, evidence, presumed }) => ({
    ...refusal('inUse', reason, evidence),
    ...(presumed === true && { presumed }),
  }));
  if (probe?.kind === 'busy') found.push(refusal('inUse', 'somebody has it open for exclusive use', [OPENED('EBUSY')]));
  const isEmpty = device.signaturesKnown && device.signatures.length === 0 && device.partitions.length === 0;
  const open = gaps.filter(({ of }) => of !== 'exports' && (of !== 'mounts' || !isEmpty));
  if (open.length > 0 && probe?.kind !== 'free') found.push({ ...unknownUse(open), presumed: true });
  // Targets open a disk beside others, so that one can have it to itself says nothing of them.
  const exported = gaps.filter(({ of }) => of === 'exports');
  if (exported.length > 0) found.push(unknownUse(exported));
  return found;
}

function unknownUse(gaps: readonly Gap[]): Refusal {
  const paths = gaps.map(({ path, errno }) => `${path} (${errno})`).join(', ');
  const evidence = gaps.map(({ path, errno }) => ({ path, value: null, note: errno }));
  return refusal('usesUnknown', `whether it is in use cannot be said without ${paths}`, evidence);
}

function twinRefusals({ twins }: OfferFacts): readonly Refusal[] {
  return twins.map(({ device, shared, evidence }) =>
    refusal('hiddenPath', `it may be the same disk as ${device.kernelName}: both have ${shared}`, evidence),
  );
}

const OPENED = (value: string): Evidence => ({ path: 'open, exclusive', value });

/** Fewer errors are asked for by drivers themselves, of disks that are well. */
const ERRORS_COUNT = 10;
const ERRORS_SHARE = 0.05;

function healthRefusals(device: Device, { failing, probe }: OfferFacts): readonly Refusal[] {
  const found: Refusal[] = [];
  if (failing !== null) found.push(refusal('failingHealth', failing.reason, failing.evidence));
  if (probe?.kind === 'unreadable') {
    found.push(
      refusal('unreadable', `its first and last blocks cannot be read: ${probe.errno}`, [OPENED(probe.errno)]),
    );
  }
  const errors = device.commands === null ? 0 : device.commands.failed + device.commands.timedOut;
  const done = device.commands?.done ?? 0;
  if (probe?.kind !== 'free' && device.media !== 'optical' && errors >= ERRORS_COUNT && errors >= done * ERRORS_SHARE) {
    const reason = `${errors} of ${done} commands failed or timed out, so an empty disk cannot be told from one that cannot be read`;
    found.push(refusal('errorHistory', reason, device.origins.commands ?? []));
  }
  return found;
}

function kindRefusals(device: Device): readonly Refusal[] {
  const { origins } = device;
  const found: Refusal[] = [];
  if (device.transport === 'usb') found.push(refusal('usb', 'it is attached by USB', origins.transport ?? []));
  if (device.removable) found.push(refusal('removable', 'its medium is removable', origins.removable ?? []));
  if (device.virtual) {
    found.push(refusal('virtual', `it is made by the kernel (${device.driver})`, origins.driver ?? []));
  }
  if (device.media === 'optical') found.push(refusal('optical', 'it is an optical drive', origins.media ?? []));
  return found;
}

/** Of these the kernel always says something; silence is no yes. */
const ESSENTIAL: readonly (readonly [OriginField, string])[] = [
  ['readOnly', 'ro'],
  ['removable', 'removable'],
];

function stateRefusals(device: Device, { probe }: OfferFacts): readonly Refusal[] {
  const { origins } = device;
  const found: Refusal[] = [];
  if (device.sizeBytes === 0) found.push(refusal('noSize', 'it has no size', origins.sizeBytes ?? []));
  if (device.sizeBytes === null) found.push(refusal('noSize', 'its size is not known', origins.sizeBytes ?? []));
  if (device.readOnly) found.push(refusal('readOnly', 'it is read-only', origins.readOnly ?? []));
  if (!device.online) found.push(refusal('offline', `it is ${device.state ?? 'not online'}`, origins.state ?? []));
  for (const [field, attribute] of ESSENTIAL) {
    const silent = (origins[field] ?? []).find(({ value }) => value === null);
    if (silent !== undefined) {
      found.push(
        refusal('unreadable', `the kernel does not say its ${attribute}: ${silent.note ?? 'no value'}`, [silent]),
      );
    }
  }
  const holders = device.unreadable.filter(({ path }) => path.endsWith('/holders'));
  if (holders.length > 0 && probe?.kind !== 'free')
    found.push({ ...refusal('usesUnknown', 'what is built on it cannot be read', holders), presumed: true });
  return found;
}

function signatureRefusals(device: Device, { probe }: OfferFacts): readonly Refusal[] {
  const found: Refusal[] = [];
  const member = device.signatures.find(({ type }) => type === 'mpath_member');
  if (member !== undefined) {
    found.push(refusal('hiddenPath', 'it is a path of multipath, whose map is not there', [member.evidence]));
  }
  const seen = device.signatures.filter(({ type }) => type !== 'mpath_member');
  for (const { type, on, label, evidence } of seen) {
    const named = label === null ? type : `${type} (${label})`;
    const reason = `${on === device.kernelName ? 'it' : `partition ${on}`} carries ${named}`;
    found.push(refusal('signature', reason, [evidence], 'force'));
  }
  if (probe?.kind === 'free') {
    for (const type of probe.signatures) {
      if (seen.some((signature) => signature.type.startsWith(type))) continue;
      found.push(refusal('signature', `its blocks carry ${type}`, [OPENED(type)], 'force'));
    }
    if (!probe.blank && probe.signatures.length === 0 && seen.length === 0) {
      found.push(refusal('signature', 'its first or last blocks hold something', [OPENED('not blank')], 'force'));
    }
  } else if (!device.signaturesKnown) {
    const reason = 'neither udev nor its first blocks say whether it carries something';
    found.push(refusal('signaturesUnknown', reason, device.origins.signaturesKnown ?? [], 'force'));
  }
  if (seen.length === 0 && device.partitions.length > 0) {
    const names = device.partitions.map(({ kernelName }) => kernelName).join(', ');
    found.push(
      refusal('signature', `it is divided into partitions: ${names}`, device.origins.partitions ?? [], 'force'),
    );
  }
  return found;
}

function policyRefusals(device: Device, policy: OfferPolicy): readonly Refusal[] {
  const { origins } = device;
  const found: Refusal[] = [];
  if (device.remote && policy.remote !== true) {
    const reason = `it is reached through a network (${device.transport}), which the configuration does not allow`;
    found.push(refusal('remote', reason, origins.remote ?? [], 'configuration'));
  }
  if (device.tier === null) {
    const reason = `it belongs to no tier (${device.transport}, media ${device.media}); a rule of the configuration can say which`;
    found.push(refusal('unclassified', reason, origins.tier ?? origins.media ?? [], 'configuration'));
  }
  return found;
}
