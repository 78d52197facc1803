/** Pools that were named together and have one identity: a copy of a disk or of its image, which nobody should use beside the other. */
import type { NoPool, PoolConcern, SeenPool } from './look-at-pool.ts';

/** Undefined: there is one of it. One folder under two names is one pool. */
export function twinConcern(
  look: SeenPool | NoPool,
  looks: readonly (SeenPool | NoPool)[],
): (PoolConcern & { readonly cause: 'duplicate' }) | undefined {
  if (look.kind === 'problem') return undefined;
  const twin = looks.find(
    (other) =>
      other.kind === 'pool' && other.identity.uuid === look.identity.uuid && other.folderKey !== look.folderKey,
  );
  if (twin === undefined) return undefined;
  const detail = `it has the uuid of ${twin.path}: one is a copy of the other; take the wrong one away before an agent uses either`;
  return { cause: 'duplicate', detail };
}
