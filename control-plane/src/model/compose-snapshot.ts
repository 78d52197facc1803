/**
 * What the storage system says and what Kubernetes says, as one picture. Where both label a node the storage system's word
 * counts, and alone decides where it places replicas; a claim whose volume the storage system does not have is kept, so that a decision can
 * say so. Cordons that migrations have set are left out: they steer one replica each, stand for seconds, and keep no other volume
 * from anything that a migration of it would not wait for.
 */
import type { ClaimFacts, ClusterSnapshot, MigrationFacts, NodeFacts, StorageFacts } from './cluster-snapshot.ts';
import { withoutCordons } from './own-cordons.ts';

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
  /** As they were once the storage system had answered: in between, one may have set a cordon or have forgotten it. */
  readonly migrationsAfter?: readonly MigrationFacts[];
  /** Wall time. */
  readonly takenAtMs: number;
}

export function composeSnapshot({ storage, objects, migrationsAfter = [], takenAtMs }: SnapshotParts): ClusterSnapshot {
  const cordons = [...objects.migrations, ...migrationsAfter].flatMap((migration) => migration.cordons ?? []);
  const { pools, nodes: uncordoned } = withoutCordons(storage, cordons);
  const nodes = uncordoned.map((node) => withKubernetesLabels(node, objects.nodeLabels.get(node.node) ?? {}));
  return {
    takenAtMs,
    storage: { ...storage, pools, nodes },
    claims: objects.claims,
    migrations: objects.migrations,
  };
}

function withKubernetesLabels(facts: NodeFacts, kubernetesLabels: Labels): NodeFacts {
  const labels = { ...kubernetesLabels, ...facts.labels };
  const zone = labels[ZONE_LABEL] ?? '';
  return { ...facts, labels, failureDomain: zone === '' ? facts.node : zone };
}
