/**
 * PersistentVolumes of Mayastor and the claims above them, reduced to what decisions need: of 10,000 volumes a few megabytes stay
 * in memory, whatever else stands in the objects.
 */
import { API_GROUP } from '@couchestor/common/api';
import { parseVolumeId, type VolumeId } from '@couchestor/common/base';
import type { ClaimFacts } from '../../model/cluster-snapshot.ts';
import { isRecord, keyOf, type KubeObject } from './kube-object.ts';

const CSI_DRIVER = 'io.openebs.csi-mayastor';
const ANNOTATION_PREFIX = `${API_GROUP}/`;
/** A volume in another phase has no data yet, or none any more. */
const PHASES_WITH_DATA: ReadonlySet<unknown> = new Set(['Bound', 'Released']);

export type PersistentVolumeFacts =
  | {
      readonly kind: 'mayastor';
      readonly volumeName: string;
      readonly volumeId: VolumeId;
      readonly storageClassName: string;
      /** Of the claim that is bound to it; undefined once that was released. */
      readonly claim: { readonly key: string; readonly uid: string } | undefined;
    }
  /** Of another driver, or without data. */
  | { readonly kind: 'other' };

export type PersistentVolumeClaimFacts = NonNullable<ClaimFacts['claim']>;

export function persistentVolumeFacts({ metadata, spec, status }: KubeObject): PersistentVolumeFacts {
  const { csi, storageClassName, claimRef } = isRecord(spec) ? spec : {};
  const { phase } = isRecord(status) ? status : {};
  if (!isRecord(csi) || csi.driver !== CSI_DRIVER || !PHASES_WITH_DATA.has(phase)) return { kind: 'other' };
  const volumeId = volumeIdOf(csi.volumeHandle);
  if (volumeId === undefined) return { kind: 'other' };
  return {
    kind: 'mayastor',
    volumeName: metadata.name,
    volumeId,
    storageClassName: typeof storageClassName === 'string' ? storageClassName : '',
    claim: phase === 'Bound' ? claimRefOf(claimRef) : undefined,
  };
}

/** Mayastor's driver hands out the volume's uuid; anything else was written by hand and names no volume. */
function volumeIdOf(handle: unknown): VolumeId | undefined {
  try {
    return parseVolumeId(handle);
  } catch {
    return undefined;
  }
}

function claimRefOf(value: unknown): { readonly key: string; readonly uid: string } | undefined {
  if (!isRecord(value)) return undefined;
  const { namespace, name, uid } = value;
  if (typeof namespace !== 'string' || typeof name !== 'string' || typeof uid !== 'string') return undefined;
  return { key: keyOf({ namespace, name }), uid };
}

/** Annotations of others can be large, and no decision reads them. */
export function persistentVolumeClaimFacts({ metadata }: KubeObject): PersistentVolumeClaimFacts {
  const { namespace = '', name, uid, labels = {}, annotations = {} } = metadata;
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(ANNOTATION_PREFIX));
  return { namespace, name, uid, labels, annotations: Object.fromEntries(ours) };
}

/**
 * Each volume with the claim that is bound to it, by uid: a claim made anew under the name of a deleted one is another claim.
 * A bound volume whose claim is not there (the two are watched apart, so one may be seen later) is left out, because what its
 * owner wishes is not known.
 */
export function claimFacts(
  volumes: readonly PersistentVolumeFacts[],
  claims: ReadonlyMap<string, PersistentVolumeClaimFacts>,
): readonly ClaimFacts[] {
  return volumes.flatMap((volume): readonly ClaimFacts[] => {
    if (volume.kind !== 'mayastor') return [];
    const { volumeId, volumeName, storageClassName } = volume;
    if (volume.claim === undefined) return [{ volumeId, volumeName, storageClassName, claim: undefined }];
    const claim = claims.get(volume.claim.key);
    return claim?.uid === volume.claim.uid ? [{ volumeId, volumeName, storageClassName, claim }] : [];
  });
}
