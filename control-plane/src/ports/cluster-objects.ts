/** What Kubernetes knows of the volumes: claims above them, nodes below them, migrations that ran or run. */
import type { ClaimFacts, MigrationFacts } from '../model/cluster-snapshot.ts';

export type ClusterObjectsSnapshot =
  | {
      readonly kind: 'ok';
      readonly claims: readonly ClaimFacts[];
      /** Labels of the Kubernetes nodes by their names. */
      readonly nodeLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
      readonly migrations: readonly MigrationFacts[];
    }
  /** A cache that it rests on may not be relied on now. */
  | { readonly kind: 'refused'; readonly message: string };

export interface ClusterObjects {
  snapshot(): ClusterObjectsSnapshot;
}
