/**
 * What a cluster with Mayastor looks like through the Kubernetes API: its custom resources, nodes, storage classes, claims
 * and volumes, and the Deployment that tells the release. The storage is the truth: the objects follow it at an interval, and
 * nothing but the replica count of a MayastorVolume is ever taken from an object.
 */
import type { Timer } from '@couchestor/common/base';
import type { GroupResource, KubeApiServer } from '../../kube/index.ts';
import type { MayastorCluster } from '../cluster.ts';
import { engineVersion } from '../features.ts';
import type { ClusterView, Release } from '../types.ts';
import { apiRestDeployment, node, persistentVolume, persistentVolumeClaim } from './cluster-objects.ts';
import { storageClass, volumeNameOf } from './cluster-objects.ts';
import type { ClaimFields, StorageClassFields } from './cluster-objects.ts';
import { diskPoolDefinition } from './disk-pool-definition.ts';
import type { DiskPoolVersion } from './disk-pool-definition.ts';
import { DiskPoolObjects } from './disk-pool-objects.ts';
import { StoredObjects } from './stored-objects.ts';
import type { NewObject } from './stored-objects.ts';
import { volumeDefinitions } from './volume-definitions.ts';
import { VolumeObjects } from './volume-objects.ts';

export interface MayastorObjectsOptions {
  readonly cluster: MayastorCluster;
  readonly kube: KubeApiServer;
  /** That of the release if absent. */
  readonly diskPoolVersion?: DiskPoolVersion;
  /** Of Mayastor itself. */
  readonly namespace?: string;
  /** The zones of the Kubernetes nodes, which Mayastor need not know. */
  readonly zones?: ReadonlyMap<string, string>;
  /** As before 1.0: custom resources for volumes, pools and nodes in the place of DiskPools and REST. */
  readonly customResourcesOnly?: boolean;
  readonly refreshMs?: number;
}

const nodes = { group: '', resource: 'nodes' };
const volumes = { group: '', resource: 'persistentvolumes' };
const claims = { group: '', resource: 'persistentvolumeclaims' };
const deployments = { group: 'apps', resource: 'deployments' };

const helmRelease = 'mayastor';
const defaultRefreshMs = 1000;

const diskPoolVersions: Readonly<Record<Release, DiskPoolVersion>> = {
  '2.0': 'v1alpha1',
  '2.5': 'v1beta1',
  '2.7': 'v1beta2',
  '2.8': 'v1beta2',
  '2.9': 'v1beta3',
  '2.10': 'v1beta3',
};

/** What the pool operator of a release serves. */
export const diskPoolVersionOf = (release: Release): DiskPoolVersion => diskPoolVersions[release];

export class MayastorObjects {
  readonly #options: MayastorObjectsOptions;
  readonly #namespace: string;
  readonly #version: DiskPoolVersion;
  readonly #stored: StoredObjects;
  readonly #storage: { sync(view: ClusterView): void };
  readonly #nodes = new Set<string>();
  /** By volume. */
  readonly #claims = new Map<string, ClaimFields>();
  #timer: Timer | undefined;

  constructor(options: MayastorObjectsOptions) {
    const { cluster, kube, namespace = 'openebs', diskPoolVersion, customResourcesOnly = false } = options;
    this.#options = options;
    this.#namespace = namespace;
    this.#version = diskPoolVersion ?? diskPoolVersionOf(cluster.release);
    this.#stored = new StoredObjects(kube.store, () => cluster.clock.now());
    this.#storage = customResourcesOnly
      ? new VolumeObjects(cluster, this.#stored, namespace)
      : new DiskPoolObjects(this.#stored, namespace, this.#version);
  }

  /** Installs what Mayastor brings along, and follows the cluster from here on. Thrown: ApiError. */
  start(): void {
    const { cluster, kube, customResourcesOnly = false } = this.#options;
    this.#namespaceExists(this.#namespace);
    if (customResourcesOnly) kube.apply(volumeDefinitions);
    else {
      kube.apply([diskPoolDefinition(this.#version)]);
      this.#apply(deployments, apiRestDeployment(helmRelease, this.#namespace, engineVersion(cluster.release)));
    }
    this.#follow();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  addStorageClass(fields: StorageClassFields): void {
    this.#options.kube.apply([storageClass(fields)]);
  }

  /** A PersistentVolume for each volume, bound to its claim. Volumes that do not exist are left out. */
  addClaims(byVolume: ReadonlyMap<string, ClaimFields>): void {
    for (const namespace of new Set([...byVolume.values()].map((claim) => claim.namespace))) {
      this.#namespaceExists(namespace);
    }
    for (const volume of this.#options.cluster.view().volumes) {
      const claim = byVolume.get(volume.volumeId);
      if (claim === undefined) continue;
      this.#claims.set(volume.volumeId, claim);
      this.#stored.create(claims, persistentVolumeClaim(volume, claim));
      this.#stored.create(volumes, persistentVolume(volume, claim));
    }
  }

  /** Brings all objects up to date with the cluster as it is now. */
  sync(): void {
    const view = this.#options.cluster.view();
    this.#syncNodes(view);
    this.#storage.sync(view);
    this.#dropClaims(view);
  }

  #follow(): void {
    const { cluster, refreshMs = defaultRefreshMs } = this.#options;
    this.sync();
    this.#timer = cluster.clock.setTimer(refreshMs, () => this.#follow());
  }

  #syncNodes(view: ClusterView): void {
    for (const { name, labels, status } of view.nodes) {
      const zone = this.#options.zones?.get(name);
      const object = node(
        name,
        { ...(zone && { 'topology.kubernetes.io/zone': zone }), ...labels },
        status === 'Online',
      );
      if (this.#nodes.has(name)) this.#stored.setStatus(nodes, { name }, object.status);
      else this.#apply(nodes, object);
      this.#nodes.add(name);
    }
  }

  /** What the external provisioner does once the storage is gone. */
  #dropClaims(view: ClusterView): void {
    const there = new Set(view.volumes.map(({ volumeId }) => volumeId));
    for (const [volumeId, { namespace, name }] of this.#claims) {
      if (there.has(volumeId)) continue;
      this.#claims.delete(volumeId);
      this.#stored.delete(claims, { namespace, name });
      this.#stored.delete(volumes, { name: volumeNameOf(volumeId) });
    }
  }

  #namespaceExists(name: string): void {
    this.#options.kube.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }]);
  }

  /** Through the API, which adds its defaults but takes no status with the rest. */
  #apply(resource: GroupResource, { status, ...object }: NewObject): void {
    this.#options.kube.apply([object]);
    this.#stored.setStatus(resource, object.metadata, status);
  }
}
