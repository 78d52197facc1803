/**
 * What would make a move possible, as steps that are needed together, and as the sentence that a person reads. Steps are values,
 * so that a test can carry them out on a snapshot and show that the move is possible then.
 */
import type { Tier } from '@couchestor/common/api';
import { formatBytes, type NodeName, type PoolName } from '@couchestor/common/base';
import type { SteeringTarget } from './rival-pools.ts';

export type RemedyStep =
  | { readonly kind: 'UncordonNode' | 'BringNodeOnline' | 'PublishOnNode'; readonly node: NodeName }
  | { readonly kind: 'UncordonPool' | 'BringPoolOnline'; readonly pool: PoolName }
  | { readonly kind: 'FreeSpace' | 'ReduceCommitment'; readonly pool: PoolName; readonly bytes: number }
  | { readonly kind: 'Upgrade'; readonly version: '2.9' | '2.10' }
  | { readonly kind: 'AskForReplicas'; readonly replicaCount: number }
  | { readonly kind: 'RecreateVolume'; readonly parameters: readonly string[] }
  | ({ readonly kind: 'AddNode' } & NewPool & { readonly nodeLabels: readonly string[] })
  | ({ readonly kind: 'AddPool'; readonly node: NodeName } & NewPool)
  | { readonly kind: 'LabelPoolInMayastor'; readonly pool: PoolName; readonly labels: Labels }
  | { readonly kind: 'LabelNodeInMayastor'; readonly node: NodeName; readonly labels: Labels }
  | { readonly kind: 'CordonNodes'; readonly count: number; readonly besides: SteeringTarget }
  | { readonly kind: 'LabelPool'; readonly pool: PoolName; readonly tier: Tier }
  | { readonly kind: 'RemoveExtraReplica'; readonly migration?: string | undefined }
  | { readonly kind: 'Preserve' | 'Publish' | 'DeleteSnapshots' | 'UseRestBackend' };

type Labels = Readonly<Record<string, string>>;

interface NewPool {
  readonly tier: Tier;
  readonly freeBytes: number;
  readonly encrypted: boolean;
}

/** Never empty; all of its steps are needed. */
export type Remedy = readonly RemedyStep[];

export function remedySentence(remedy: Remedy): string {
  const parts = remedy.map(instruction);
  const text = parts.join(', and ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function instruction(step: RemedyStep): string {
  switch (step.kind) {
    case 'UncordonNode':
      return `uncordon node ${step.node}`;
    case 'BringNodeOnline':
      return `bring node ${step.node} online`;
    case 'PublishOnNode':
      return `run the application on node ${step.node}, so that the volume is published there`;
    case 'UncordonPool':
      return `uncordon pool ${step.pool}`;
    case 'BringPoolOnline':
      return `bring pool ${step.pool} online`;
    case 'FreeSpace':
      return `free ${formatBytes(step.bytes)} on pool ${step.pool}`;
    case 'ReduceCommitment':
      return `move thin volumes of ${formatBytes(step.bytes)} off pool ${step.pool}, which promises too much`;
    case 'Upgrade':
      return `upgrade Mayastor to ${step.version} or later`;
    case 'AskForReplicas':
      return `ask for ${step.replicaCount} replicas of the volume`;
    case 'RecreateVolume':
      return `restore the volume into a StorageClass without ${step.parameters.join(' and ')}`;
    case 'AddNode':
      return `add a node${labelled(step.nodeLabels)} in a failure domain of its own, with ${newPool(step)}`;
    case 'AddPool':
      return `add ${newPool(step)} to node ${step.node}`;
    case 'LabelPoolInMayastor':
      return `label pool ${step.pool} ${labelTexts(step.labels)} in Mayastor itself, which takes labels of pools since 2.7.1`;
    case 'LabelNodeInMayastor':
      return `label node ${step.node} ${labelTexts(step.labels)} in Mayastor itself, which takes labels of nodes since 2.6`;
    case 'CordonNodes':
      return `cordon ${step.count} more of the nodes that new replicas need not go to`;
    case 'LabelPool':
      return `label pool ${step.pool} so that the policy's selector of the ${step.tier} tier, and no other, matches it`;
    case 'RemoveExtraReplica':
      return `clean up the migration that left both copies${cleanupCommand(step.migration)}, or scale the volume back by hand`;
    default:
      return PLAIN_INSTRUCTIONS[step.kind];
  }
}

const PLAIN_INSTRUCTIONS = {
  Preserve: 'turn on preservation mode, which keeps the old replica beside the new one',
  Publish: 'start a pod that uses the claim: a volume that is not published does not rebuild',
  DeleteSnapshots: 'delete the snapshots of the volume, which would stay behind on the old pool',
  UseRestBackend: 'upgrade to Mayastor 2.x and use its REST API',
} as const;

function cleanupCommand(migration: string | undefined): string {
  if (migration === undefined) return '';
  return ` (kubectl couchestor cancel ${migration} --cleanup)`;
}

function newPool({ tier, freeBytes, encrypted }: NewPool): string {
  const kind = `${encrypted ? 'an encrypted' : 'a'} pool of the ${tier} tier`;
  return `${kind} that has ${formatBytes(freeBytes)} free`;
}

export function labelTexts(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(' and ');
}

function labelled(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` labelled ${labels.join(', ')}`;
}
