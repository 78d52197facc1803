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
  const policiesByHook = Map.groupBy(
    policies.filter(({ spec }) => spec.enabled),
    ({ spec }) => hookOf(spec),
  );
  const watched = new Map<VolumeId, WatchedVolume>();
  for (const claim of claims) {
    const matching = hooksOf(claim).flatMap((hook) => policiesByHook.get(hook) ?? NO_POLICIES);
    const [policy, ...younger] = matching.filter(({ spec }) => selects(spec.volumeSelector, claim)).sort(byAge);
    if (policy === undefined) continue;
    const known = watched.get(claim.volumeId);
    if (known !== undefined && byBindingAndName(known.claim, claim) <= 0) continue;
    watched.set(claim.volumeId, { claim, policy, conflictingPolicies: younger.map(({ name }) => name) });
  }
  return [...watched.values()].sort((a, b) => byText(a.claim.volumeName, b.claim.volumeName));
}

const NO_POLICIES: readonly PolicyInput[] = [];

/**
 * Something that a claim must have for the policy to match it: the StorageClass with one of the selected labels, if there is
 * one. By it, a claim meets only few of many policies.
 */
function hookOf({ storageClassName, volumeSelector }: PolicyInput['spec']): string {
  const [label] = Object.entries(volumeSelector.matchLabels);
  return label === undefined ? storageClassName : hook(storageClassName, label);
}

function hooksOf({ storageClassName, claim }: ClaimFacts): readonly string[] {
  const labels = Object.entries(claim?.labels ?? {});
  return [storageClassName, ...labels.map((label) => hook(storageClassName, label))];
}

/** No part can contain the separator. */
function hook(storageClassName: string, [key, value]: readonly [string, string]): string {
  return `${storageClassName} ${key} ${value}`;
}

/** A volume without a claim has no labels to be selected by, not even by what they are not. */
function selects(selector: LabelSelector, { claim }: ClaimFacts): boolean {
  return selectsEverything(selector) || (claim !== undefined && matchesSelector(selector, claim.labels));
}

function byAge(a: PolicyInput, b: PolicyInput): number {
  return a.createdAtMs - b.createdAtMs || byText(a.name, b.name);
}

function byBindingAndName(a: ClaimFacts, b: ClaimFacts): number {
  return Number(a.claim === undefined) - Number(b.claim === undefined) || byText(a.volumeName, b.volumeName);
}
