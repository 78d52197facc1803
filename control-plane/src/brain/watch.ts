/**
 * Which policy decides about which volume. A policy matches a volume by StorageClass and by the labels of the bound claim; the
 * older of two matching policies decides, whatever the order in which they are listed, so that two never pull at one volume.
 */
import { matchesSelector, selectsEverything, type LabelSelector } from '@couchestor/common/api';
import type { VolumeId } from '@couchestor/common/base';
import type { ClaimFacts } from '../model/cluster-snapshot.ts';
import type { PolicyInput } from '../model/policy-input.ts';
import { byText } from './order.ts';

export interface WatchedVolume {
  readonly claim: ClaimFacts;
  readonly policy: PolicyInput;
  /** Names of the younger policies that match as well, the oldest first. */
  readonly conflictingPolicies: readonly string[];
}

/**
 * Every volume that an enabled policy matches, once, in the order of the PersistentVolumes' names. A policy that is not
 * accepted claims its volumes all the same. Of several PersistentVolumes of one volume, the first that has a claim counts.
 */
export function watchedVolumes(claims: readonly ClaimFacts[], policies: readonly PolicyInput[]): WatchedVolume[] {
  const policiesOf = policiesByStorageClass(policies);
  const watched = new Map<VolumeId, WatchedVolume>();
  for (const claim of [...claims].sort(byBindingAndName)) {
    const [policy, ...younger] = (policiesOf.get(claim.storageClassName) ?? []).filter(({ spec }) =>
      selects(spec.volumeSelector, claim),
    );
    if (policy === undefined || watched.has(claim.volumeId)) continue;
    watched.set(claim.volumeId, { claim, policy, conflictingPolicies: younger.map(({ name }) => name) });
  }
  return [...watched.values()].sort((a, b) => byText(a.claim.volumeName, b.claim.volumeName));
}

/** A volume without a claim has no labels to be selected by, not even by what they are not. */
function selects(selector: LabelSelector, { claim }: ClaimFacts): boolean {
  return selectsEverything(selector) || (claim !== undefined && matchesSelector(selector, claim.labels));
}

function policiesByStorageClass(policies: readonly PolicyInput[]): ReadonlyMap<string, readonly PolicyInput[]> {
  const enabled = policies.filter(({ spec }) => spec.enabled).sort(byAge);
  return Map.groupBy(enabled, ({ spec }) => spec.storageClassName);
}

function byAge(a: PolicyInput, b: PolicyInput): number {
  return a.createdAtMs - b.createdAtMs || byText(a.name, b.name);
}

function byBindingAndName(a: ClaimFacts, b: ClaimFacts): number {
  return Number(a.claim === undefined) - Number(b.claim === undefined) || byText(a.volumeName, b.volumeName);
}
