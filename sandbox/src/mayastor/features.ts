/** What a release can do, and how it behaves where releases differ: up to 2.7 by the specification of its REST API at its tag. */
import type { Release } from './types.ts';

export interface Features {
  readonly rebuildHistory: boolean;
  readonly volumeProperty: boolean;
  readonly snapshots: boolean;
  /** How much is allocated of volumes and replicas. */
  readonly usage: boolean;
  /** How much of a pool is promised. */
  readonly commitment: boolean;
  /** Nodes say which version they run. */
  readonly nodeVersion: boolean;
  readonly resize: boolean;
  /** A replica says what it is to the target, and how far its rebuild is; before, only the target's child does. */
  readonly childOfReplica: boolean;
  readonly affinityGroups: boolean;
  /** Replicas that have to be on places with the same value of a label. */
  readonly affinityKeys: boolean;
  /** Targets say which nodes may connect to them. */
  readonly frontendNodes: boolean;
  /** Disks say whether they rotate, and what connects them. */
  readonly diskMedia: boolean;
  readonly poolLabels: boolean;
  readonly nodeLabels: boolean;
  readonly poolCordons: boolean;
  readonly removalKnowsTopology: boolean;
  readonly removalKnowsCordons: boolean;
  /** Keys and values that clients of earlier releases have not seen. */
  readonly laterKeys: boolean;
}

/** `2.7` stands for its last patch, which brought the labels of pools. */
export function featuresOf(release: Release): Features {
  const since = (first: `2.${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`): boolean => minor(release) >= minor(first);
  return {
    rebuildHistory: since('2.3'),
    volumeProperty: since('2.6'),
    snapshots: since('2.4'),
    usage: since('2.1'),
    commitment: since('2.2'),
    nodeVersion: since('2.7'),
    resize: since('2.6'),
    childOfReplica: since('2.1'),
    affinityGroups: since('2.2'),
    affinityKeys: since('2.8'),
    frontendNodes: since('2.4'),
    diskMedia: since('2.7'),
    poolLabels: since('2.7'),
    nodeLabels: since('2.6'),
    poolCordons: since('2.10'),
    removalKnowsTopology: since('2.8'),
    removalKnowsCordons: since('2.9'),
    laterKeys: since('2.9'),
  };
}

/** As a node reports it. */
export function engineVersion(release: Release): string {
  const patch: Partial<Record<Release, number>> = { '2.7': 1 };
  return `${release}.${patch[release] ?? 0}`;
}

function minor(release: string): number {
  return Number(release.split('.')[1]);
}
