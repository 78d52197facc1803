/**
 * A device as it is printed and compared: plain values under names that do not change, without what moves at every look (temperatures,
 * counters) and without the evidence. Null is unknown.
 */
import type { HealthState } from '../health/index.ts';
import type { Verification } from '../model/assessment.ts';
import type { Media, Mount, Tier, Transport, ZonedModel } from '../model/device.ts';
import type { ObservedDevice } from './observed-device.ts';

export interface DeviceView {
  readonly kernelName: string;
  readonly id: string;
  readonly serial: string | null;
  readonly wwn: string | null;
  readonly transport: Transport;
  readonly media: Media;
  readonly tier: Tier | null;
  readonly model: string | null;
  readonly sizeBytes: number | null;
  readonly logicalBlockBytes: number | null;
  readonly rotational: boolean | null;
  readonly zoned: {
    readonly model: ZonedModel;
    readonly zoneSizeBytes: number | null;
    readonly zones: number | null;
  } | null;
  readonly inUse: boolean;
  readonly inUseReason: string | null;
  readonly offerable: boolean;
  readonly notOfferableReason: string | null;
  readonly health: HealthState;
  /** Kernel names of the ways to it; of a virtual device there is none. */
  readonly paths: readonly string[];
  /** What fewer people ask for. */
  readonly details: DeviceDetails;
}

export interface DeviceDetails {
  readonly idStable: boolean;
  readonly verification: Verification;
  readonly unverifiedBecause: string | null;
  /** Kinds of refusal, for programs. */
  readonly refusals: readonly string[];
  readonly healthReason: string;
  readonly driver: string;
  readonly label: string | null;
  readonly dev: string | null;
  readonly vendor: string | null;
  readonly firmware: string | null;
  readonly physicalBlockBytes: number | null;
  readonly rotationRpm: number | null;
  readonly namespaceId: number | null;
  readonly maxOpenZones: number | null;
  readonly maxActiveZones: number | null;
  readonly removable: boolean;
  readonly readOnly: boolean;
  readonly virtual: boolean;
  readonly remote: boolean;
  readonly state: string | null;
  readonly pciAddress: string | null;
  readonly numaNode: number | null;
  readonly pathStates: readonly PathView[];
  readonly partitions: readonly PartitionView[];
  readonly holders: readonly string[];
  readonly slaves: readonly string[];
  readonly mounts: readonly Mount[];
  readonly swap: boolean;
  readonly signatures: readonly { readonly type: string; readonly on: string }[];
  /** Attributes that are there and could not be read, with the errno. */
  readonly unreadable: readonly string[];
}

export interface PathView {
  readonly kernelName: string;
  readonly transport: Transport;
  readonly address: string | null;
  readonly state: string | null;
}

export interface PartitionView {
  readonly kernelName: string;
  readonly sizeBytes: number | null;
  readonly mounts: readonly Mount[];
  readonly swap: boolean;
  readonly holders: readonly string[];
}

export function viewOf({ device, uses, offer, health }: ObservedDevice): DeviceView {
  const { zoned } = device;
  return {
    kernelName: device.kernelName,
    id: device.id,
    serial: device.serial,
    wwn: device.wwn,
    transport: device.transport,
    media: device.media,
    tier: device.tier,
    model: device.model,
    sizeBytes: device.sizeBytes,
    logicalBlockBytes: device.logicalBlockBytes,
    rotational: device.rotational,
    zoned: zoned === null ? null : { model: zoned.model, zoneSizeBytes: zoned.zoneSizeBytes, zones: zoned.zones },
    inUse: uses.length > 0,
    inUseReason: clauses(uses),
    offerable: offer.offerable,
    notOfferableReason: clauses(offer.refusals),
    health: health.state,
    paths: device.paths.map(({ kernelName }) => kernelName),
    details: {
      idStable: device.idStable,
      verification: offer.verification,
      unverifiedBecause: offer.unverifiedBecause,
      refusals: [...new Set(offer.refusals.map(({ kind }) => kind))],
      healthReason: health.reason,
      driver: device.driver,
      label: device.label,
      dev: device.dev,
      vendor: device.vendor,
      firmware: device.firmware,
      physicalBlockBytes: device.physicalBlockBytes,
      rotationRpm: device.rotationRpm,
      namespaceId: device.namespaceId,
      maxOpenZones: zoned?.maxOpenZones ?? null,
      maxActiveZones: zoned?.maxActiveZones ?? null,
      removable: device.removable,
      readOnly: device.readOnly,
      virtual: device.virtual,
      remote: device.remote,
      state: device.state,
      pciAddress: device.pciAddress,
      numaNode: device.numaNode,
      pathStates: device.paths.map(({ kernelName, transport, address, state }) => ({
        kernelName,
        transport,
        address,
        state,
      })),
      partitions: device.partitions.map(({ kernelName, sizeBytes, mounts, swap, holders }) => ({
        kernelName,
        sizeBytes,
        mounts,
        swap,
        holders,
      })),
      holders: device.holders,
      slaves: device.slaves,
      mounts: device.mounts,
      swap: device.swap,
      signatures: device.signatures.map(({ type, on }) => ({ type, on })),
      unreadable: device.unreadable.map(({ path, note }) => `${path} ${note ?? ''}`.trimEnd()),
    },
  };
}

function clauses(said: readonly { readonly reason: string }[]): string | null {
  return said.length === 0 ? null : said.map(({ reason }) => reason).join('; ');
}
