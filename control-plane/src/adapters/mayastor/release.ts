/**
 * What a release of Mayastor can do. The removal order of a scale-down changed in 2.8 and 2.9, pools can be cordoned since
 * 2.10 (read from the sources and release notes of mayastor-control-plane). A version that is not known is taken for the
 * oldest: then nothing is steered that might not obey.
 */
import type { StorageCapabilities } from '../../model/cluster-snapshot.ts';

interface Release {
  readonly major: number;
  readonly minor: number;
}

/** Such as `2.7.1`, `v2.10.0` or `2.9.0-rc.1`; undefined for what names no release, such as `develop`. */
export function parseRelease(version: string): Release | undefined {
  const match = /^v?(\d{1,4})\.(\d{1,4})(?:[.+-].*)?$/.exec(version.trim());
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** Of a cluster in the middle of an upgrade, the older of its versions counts; undefined when one names no release. */
export function oldestVersion(versions: readonly string[]): string | undefined {
  const releases = versions.map((version) => ({ version, release: parseRelease(version) }));
  releases.sort((a, b) => compare(a.release, b.release));
  const oldest = releases[0];
  return oldest?.release === undefined ? undefined : oldest.version;
}

function compare(a: Release | undefined, b: Release | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return a.major - b.major || a.minor - b.minor;
}

export function restCapabilities(version: string | undefined): StorageCapabilities {
  const release = version === undefined ? undefined : parseRelease(version);
  const since = (major: number, minor: number): boolean =>
    release !== undefined && compare(release, { major, minor }) >= 0;
  return {
    kind: 'MayastorRest',
    version: release === undefined ? undefined : version?.trim().replace(/^v/, ''),
    canMoveReplicas: true,
    removalKnowsTopology: since(2, 8),
    removalKnowsCordons: since(2, 9),
    poolCordons: since(2, 10),
  };
}

/** Before 1.0 the number of replicas is all that can be asked for. */
export const VOLUME_CRD_CAPABILITIES: StorageCapabilities = {
  kind: 'MayastorVolumeCrd',
  version: undefined,
  canMoveReplicas: false,
  removalKnowsTopology: false,
  removalKnowsCordons: false,
  poolCordons: false,
};
