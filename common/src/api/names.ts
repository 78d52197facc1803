/** The names of CoucheStor's API: what CustomResourceDefinitions, clients, RBAC rules and manifests all have to spell alike. */

export const API_GROUP = 'storage.billyronks.io';
export const API_VERSION = 'v1';
/** As it stands in a manifest. */
export const GROUP_VERSION = `${API_GROUP}/${API_VERSION}`;

export interface ResourceNames {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
}

export const STORAGE_POLICY: ResourceNames = {
  kind: 'StoragePolicy',
  plural: 'storagepolicies',
  singular: 'storagepolicy',
  shortNames: ['spol'],
};

export const VOLUME_MIGRATION: ResourceNames = {
  kind: 'VolumeMigration',
  plural: 'volumemigrations',
  singular: 'volumemigration',
  shortNames: ['volmig'],
};

/** Labels of a VolumeMigration, so that those of one policy or volume are found by a selector. */
export const POLICY_LABEL = `${API_GROUP}/policy`;
export const VOLUME_LABEL = `${API_GROUP}/volume`;
/** Holds a deleted VolumeMigration until what it set in the storage system is undone. */
export const MIGRATION_FINALIZER = `${API_GROUP}/migration`;

/** Annotations of a PersistentVolumeClaim: what its owner wishes for the volume, above every policy. */
export const PIN_ANNOTATION = `${API_GROUP}/pin`;
export const MINIMUM_TIER_ANNOTATION = `${API_GROUP}/minimum-tier`;
export const MAXIMUM_TIER_ANNOTATION = `${API_GROUP}/maximum-tier`;
export const OPT_OUT_ANNOTATION = `${API_GROUP}/opt-out`;
/** The others hold before this time. */
export const UNTIL_ANNOTATION = `${API_GROUP}/until`;

/** Annotation of the Lease of the leader election: a time; what had vanished from the Kubernetes API by then is meant to be gone. */
export const ACCEPT_LOSS_ANNOTATION = `${API_GROUP}/accept-loss`;
