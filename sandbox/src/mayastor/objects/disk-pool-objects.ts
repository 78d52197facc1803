/** DiskPools as the pool operator of 2.x keeps them, in the version that it serves. */
import { formatBytes } from '@couchestor/common/base';
import type { JsonObject } from '../../kube/index.ts';
import { timestamp } from '../../kube/types.ts';
import type { ClusterView, PoolStatus, PoolView } from '../types.ts';
import { AnnouncedObjects } from './announced-objects.ts';
import { diskPools, isSince } from './disk-pool-definition.ts';
import type { DiskPoolVersion } from './disk-pool-definition.ts';
import type { NewObject, StoredObjects } from './stored-objects.ts';

export class DiskPoolObjects {
  readonly #objects: AnnouncedObjects;
  readonly #namespace: string;
  readonly #version: DiskPoolVersion;
  /** Since when a pool is ready, or is not. */
  readonly #since = new Map<string, { ready: boolean; atMs: number }>();

  constructor(stored: StoredObjects, namespace: string, version: DiskPoolVersion) {
    this.#objects = new AnnouncedObjects(stored, diskPools);
    this.#namespace = namespace;
    this.#version = version;
  }

  sync({ pools, atMs }: ClusterView): void {
    for (const pool of pools) {
      const ready = pool.status === 'Online';
      const known = this.#since.get(pool.name);
      const since = known?.ready === ready ? known : { ready, atMs };
      this.#since.set(pool.name, since);
      this.#objects.show(diskPool(pool, this.#namespace, this.#version), statusOf(pool, this.#version, since.atMs));
    }
    this.#objects.keepOnly(new Set(pools.map(({ name }) => name)), this.#namespace);
  }
}

function diskPool(pool: PoolView, namespace: string, version: DiskPoolVersion): NewObject {
  const { name, node, disks, labels } = pool;
  const labelled = Object.keys(labels).length > 0 && isSince(version, 'v1beta2');
  return {
    apiVersion: `${diskPools.group}/${version}`,
    kind: 'DiskPool',
    metadata: { namespace, name, generation: 1 },
    // The labels are those at creation: the operator never looks at later changes.
    spec: { node, disks: [...disks], ...(labelled ? { topology: { labelled: { ...labels } } } : {}) },
  };
}

function statusOf(pool: PoolView, version: DiskPoolVersion, readySinceMs: number): JsonObject {
  const { capacityBytes, usedBytes, status, encrypted } = pool;
  const availableBytes = Math.max(capacityBytes - usedBytes, 0);
  const sizes = { capacity: capacityBytes, used: usedBytes, available: availableBytes };
  if (version === 'v1alpha1') return { state: knownStatus(status), ...sizes };
  const basics = { cr_state: 'Created', pool_status: knownStatus(status), ...sizes };
  if (!isSince(version, 'v1beta3')) return basics;
  return {
    ...basics,
    status,
    encrypted,
    capacity_q: formatBytes(capacityBytes),
    used_q: formatBytes(usedBytes),
    available_q: formatBytes(availableBytes),
    conditions: [
      {
        type: 'PoolReady',
        status: status === 'Online' ? 'True' : 'False',
        reason: `Pool${status}`,
        message: `the pool is ${status}`,
        lastTransitionTime: timestamp(readySinceMs),
      },
    ],
  };
}

/** Words that only later releases have are not in the older enumeration. */
const knownStatus = (status: PoolStatus): string =>
  status === 'Suspected' || status === 'Offline' ? 'Unknown' : status;
