/**
 * The built-in objects that a cluster with Mayastor holds: storage classes, volumes and claims as the CSI driver and its
 * provisioner leave them, nodes, and the Deployment whose labels tell the release. Pure; whoever stores them adds uid and time.
 */
import type { JsonObject } from '../../kube/index.ts';
import type { NewObject } from './stored-objects.ts';

export const CSI_DRIVER = 'io.openebs.csi-mayastor';

/** Parameters beyond replicas and protocol are given as they stand in a StorageClass. */
export interface StorageClassFields {
  readonly name: string;
  readonly replicaCount: number;
  readonly thin: boolean;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface ClaimFields {
  readonly namespace: string;
  readonly name: string;
  readonly storageClassName: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface VolumeFields {
  readonly volumeId: string;
  readonly sizeBytes: number;
  readonly replicaCount: number;
  readonly thin: boolean;
}

/** By this name the metrics know a volume, too. */
export const volumeNameOf = (volumeId: string): string => `pvc-${volumeId}`;

export function storageClass({ name, replicaCount, thin, parameters = {} }: StorageClassFields): JsonObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: CSI_DRIVER,
    parameters: { protocol: 'nvmf', repl: String(replicaCount), thin: String(thin), ...parameters },
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: true,
  };
}

const GIB = 1024 ** 3;
/** As people write it, if it can be written so without loss. */
const quantityOf = (bytes: number): string => (bytes % GIB === 0 ? `${bytes / GIB}Gi` : String(bytes));

const accessModes = ['ReadWriteOnce'];
const volumeMode = 'Filesystem';

/** Mayastor takes the uuid of a volume from its name, which the provisioner made of the claim's uid: all three are one. */
export function persistentVolume(volume: VolumeFields, claim: ClaimFields): NewObject {
  const { volumeId, sizeBytes, replicaCount, thin } = volume;
  const { namespace, name, storageClassName } = claim;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeNameOf(volumeId), annotations: { 'pv.kubernetes.io/provisioned-by': CSI_DRIVER } },
    spec: {
      accessModes,
      capacity: { storage: quantityOf(sizeBytes) },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid: volumeId },
      csi: {
        driver: CSI_DRIVER,
        fsType: 'ext4',
        volumeHandle: volumeId,
        volumeAttributes: { protocol: 'nvmf', repl: String(replicaCount), thin: String(thin) },
      },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName,
      volumeMode,
    },
    status: { phase: 'Bound' },
  };
}

export function persistentVolumeClaim({ volumeId, sizeBytes }: VolumeFields, claim: ClaimFields): NewObject {
  const { namespace, name, storageClassName, labels = {}, annotations = {} } = claim;
  const storage = quantityOf(sizeBytes);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace,
      name,
      uid: volumeId,
      labels: { ...labels },
      annotations: {
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        'volume.kubernetes.io/storage-provisioner': CSI_DRIVER,
        ...annotations,
      },
    },
    spec: {
      accessModes,
      resources: { requests: { storage } },
      storageClassName,
      volumeMode,
      volumeName: volumeNameOf(volumeId),
    },
    status: { phase: 'Bound', accessModes, capacity: { storage } },
  };
}

/** Ready follows the io-engine: the sandbox knows of no other reason for a node to be down. */
export function node(name: string, labels: Readonly<Record<string, string>>, ready: boolean): NewObject {
  const condition = ready
    ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'openebs.io/engine': 'mayastor',
        ...labels,
      },
    },
    spec: {},
    status: { conditions: [{ type: 'Ready', ...condition }], addresses: [{ type: 'Hostname', address: name }] },
  };
}

/** What the chart of Mayastor installs; `version` is that of the chart, such as 2.7.1. */
export function apiRestDeployment(release: string, namespace: string, version: string): NewObject {
  const selected = { app: 'api-rest', 'openebs.io/release': release };
  const labels = { ...selected, 'openebs.io/version': version };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${release}-api-rest`, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: selected },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'api-rest',
              image: `openebs/mayastor-api-rest:v${version}`,
              ports: [{ containerPort: 8080 }, { containerPort: 8081 }],
            },
          ],
        },
      },
    },
    status: { replicas: 1, readyReplicas: 1, availableReplicas: 1 },
  };
}
