/** What a release can do, and how it behaves where releases differ. */
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
  readonly drain: boolean;
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
  const since = (first: '2.3' | '2.4' | '2.5' | '2.6' | '2.7' | '2.8' | '2.9' | '2.10'): boolean =>
    minor(release) >= minor(first);
  return {
    rebuildHistory: since('2.3'),
    volumeProperty: since('2.6'),
    snapshots: since('2.4'),
    usage: since('2.5'),
    commitment: since('2.5'),
    nodeVersion: since('2.7'),
    resize: since('2.6'),
    drain: since('2.3'),
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
