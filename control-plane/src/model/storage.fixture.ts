/** For tests: a Mayastor in which there is nothing yet, of a release that can be steered all the way. */
import type { StorageFacts } from './cluster-snapshot.ts';

export const NO_STORAGE: StorageFacts = {
  capabilities: {
    kind: 'MayastorRest',
    version: '2.10.0',
    canMoveReplicas: true,
    removalKnowsTopology: true,
    removalKnowsCordons: true,
    poolCordons: true,
  },
  volumes: [],
  pools: [],
  nodes: [],
};
