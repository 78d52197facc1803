/** The mover's port with some calls replaced, and all others led through. */
import type { MigrationReconcilerOptions } from '@couchestor/control-plane/hands';

export type Mover = MigrationReconcilerOptions['mover'];

export function moverWith(real: Mover, replaced: Partial<Mover>): Mover {
  return {
    volume: (...given) => real.volume(...given),
    surroundings: (...given) => real.surroundings(...given),
    rebuildHistory: (...given) => real.rebuildHistory(...given),
    setReplicaCount: (...given) => real.setReplicaCount(...given),
    cordonNode: (...given) => real.cordonNode(...given),
    uncordonNode: (...given) => real.uncordonNode(...given),
    cordonPool: (...given) => real.cordonPool(...given),
    uncordonPool: (...given) => real.uncordonPool(...given),
    ...replaced,
  };
}
