/**
 * What the storage system says and what Kubernetes says, as one picture. Where both label a node the storage system's word
 * counts, and alone decides where it places replicas; a claim whose volume the storage system does not have is kept, so that a decision can
 * say so.
 */
import type { ClaimFacts, ClusterSnapshot, MigrationFacts, NodeFacts, StorageFacts } from './cluster-snapshot.ts';

export const ZONE_LABEL = 'topology.kubernetes.io/zone';

type Labels = Readonly<Record<string, string>>;

export interface KubernetesFacts {
  readonly claims: readonly ClaimFacts[];
  /** By the name of the node. */
  readonly nodeLabels: ReadonlyMap<string, Labels>;
  readonly migrations: readonly MigrationFacts[];
}

export interface SnapshotParts {
  readonly storage: StorageFacts;
  readonly objects: KubernetesFacts;
  /** Wall time. */
  readonly takenAtMs: number;
}

export function composeSnapshot({ storage, objects, takenAtMs }: SnapshotParts): ClusterSnapshot {
  const nodes = storage.nodes.map((node) => withKubernetesLabels(node, objects.nodeLabels.get(node.node) ?? {}));
  return {
    takenAtMs,
    storage: { ...storage, nodes },
    claims: objects.claims,
    migrations: objects.migrations,
  };
}

function withKubernetesLabels(facts: NodeFacts, kubernetesLabels: Labels): NodeFacts {
  const labels = { ...kubernetesLabels, ...facts.labels };
  const zone = labels[ZONE_LABEL] ?? '';
  return { ...facts, labels, failureDomain: zone === '' ? facts.node : zone };
}
