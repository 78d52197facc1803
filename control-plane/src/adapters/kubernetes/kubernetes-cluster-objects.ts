/**
 * What Kubernetes knows of the volumes, on informers: a snapshot is given only when every cache that it rests on may be relied
 * on, so that what is absent from it does not exist. Objects are reduced to facts as they arrive, and only those are kept.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ParseResult, StoragePolicy, VolumeMigration } from '@couchestor/common/api';
import type { MigrationFacts } from '../../model/cluster-snapshot.ts';
import type { ClusterObjects, ClusterObjectsSnapshot } from '../../ports/cluster-objects.ts';
import {
  claimFacts,
  persistentVolumeClaimFacts,
  persistentVolumeFacts,
  type PersistentVolumeClaimFacts,
  type PersistentVolumeFacts,
} from './claim-facts.ts';
import { identityOf, isRecord, type KubeObject } from './kube-object.ts';
import { historyFacts, readMigration } from './migration-facts.ts';
import type { Entry } from './object-cache.ts';
import { ResourceInformer, type Snapshot } from './resource-informer.ts';
import { NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, type KubeResource } from './resources.ts';
import { volumeMigrations, type TypedResource, type TypedResourceOptions } from './typed-resource.ts';

export interface KubernetesClusterObjectsOptions extends TypedResourceOptions {
  /** For their histories; run by whoever made it. */
  readonly policies: Pick<ResourceInformer<ParseResult<StoragePolicy>>, 'snapshot'>;
}

type NodeLabels = Readonly<Record<string, string>>;

export class KubernetesClusterObjects implements ClusterObjects {
  /** To be run by whoever composes the process; their health is this adapter's. */
  readonly volumes: ResourceInformer<PersistentVolumeFacts>;
  readonly claims: ResourceInformer<PersistentVolumeClaimFacts>;
  readonly nodes: ResourceInformer<NodeLabels>;
  readonly migrations: TypedResource<VolumeMigration>;
  readonly #policies: KubernetesClusterObjectsOptions['policies'];

  constructor({ policies, ...options }: KubernetesClusterObjectsOptions) {
    const informer = <T>(resource: KubeResource, decode: (raw: KubeObject) => T): ResourceInformer<T> =>
      new ResourceInformer({ ...options, resource, decode, keep: identityOf });
    this.volumes = informer(PERSISTENT_VOLUMES, persistentVolumeFacts);
    this.claims = informer(PERSISTENT_VOLUME_CLAIMS, persistentVolumeClaimFacts);
    this.nodes = informer(NODES, ({ metadata }) => metadata.labels ?? {});
    this.migrations = volumeMigrations(options);
    this.#policies = policies;
  }

  /** Those that have to run, the policies' not among them. */
  get informers(): readonly Pick<ResourceInformer<unknown>, 'run' | 'waitForSync' | 'health' | 'acceptLoss'>[] {
    return [this.volumes, this.claims, this.nodes, this.migrations.informer];
  }

  /**
   * Calls `changed` when something that a snapshot shows may have changed, at first for all there is. Heartbeats of nodes,
   * the progress of a migration and the like are not such a change. Returns how to unsubscribe.
   */
  subscribe(changed: () => void): () => void {
    const ends = [
      tellOfFacts(this.volumes, ({ value }) => value, changed),
      tellOfFacts(this.claims, ({ value }) => value, changed),
      tellOfFacts(this.nodes, ({ value }) => value, changed),
      tellOfFacts(this.migrations.informer, ({ raw, value }) => readMigration(raw, value), changed),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  snapshot(): ClusterObjectsSnapshot {
    const volumes = this.volumes.snapshot();
    if (volumes.kind === 'refused') return { kind: 'refused', message: volumes.message };
    const claims = this.claims.snapshot();
    if (claims.kind === 'refused') return { kind: 'refused', message: claims.message };
    const nodes = this.nodes.snapshot();
    if (nodes.kind === 'refused') return { kind: 'refused', message: nodes.message };
    const migrations = readMigrations(this.migrations.informer.snapshot(), this.#policies.snapshot());
    if (migrations.kind === 'refused') return migrations;
    return {
      kind: 'ok',
      claims: claimFacts(
        volumes.entries.map(({ value }) => value),
        new Map(claims.entries.map(({ key, value }) => [key, value])),
      ),
      nodeLabels: new Map(nodes.entries.map(({ key, value }) => [key, value])),
      migrations: migrations.facts,
    };
  }
}

function tellOfFacts<T>(
  informer: Pick<ResourceInformer<T>, 'subscribe'>,
  factsOf: (entry: Entry<T>) => unknown,
  changed: () => void,
): () => void {
  return informer.subscribe((change) => {
    if (change.type === 'updated' && isDeepStrictEqual(factsOf(change.previous), factsOf(change.entry))) return;
    changed();
  });
}

type Migrations =
  | { readonly kind: 'ok'; readonly facts: readonly MigrationFacts[] }
  | Extract<ClusterObjectsSnapshot, { kind: 'refused' }>;

function readMigrations(
  objects: Snapshot<ParseResult<VolumeMigration>>,
  policies: Snapshot<ParseResult<StoragePolicy>>,
): Migrations {
  if (objects.kind === 'refused') return { kind: 'refused', message: objects.message };
  if (policies.kind === 'refused') return { kind: 'refused', message: policies.message };
  const facts: MigrationFacts[] = [];
  const names = new Set<string>();
  for (const { raw, value } of objects.entries) {
    const reading = readMigration(raw, value);
    if (reading.kind === 'unreadable') return { kind: 'refused', message: unreadable(reading.name) };
    names.add(raw.metadata.name);
    if (reading.kind === 'migration') facts.push(reading.facts);
  }
  // The object knows more than the history does.
  const past = policies.entries.flatMap(historyOf).filter(({ name }) => !names.has(name));
  return { kind: 'ok', facts: [...facts, ...past] };
}

function historyOf({ raw }: Entry<unknown>): readonly MigrationFacts[] {
  return historyFacts(raw.metadata.name, isRecord(raw.status) ? raw.status : {});
}

function unreadable(name: string): string {
  return `VolumeMigration ${name} names no volume, so it is not known what it moves; correct or delete it.`;
}
