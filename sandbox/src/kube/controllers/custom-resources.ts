/**
 * Turns CustomResourceDefinitions into served types: accepts their names, establishes them, and empties them before
 * they go. As on a real server this happens just after the write, not within it, so a client that does not wait for
 * `Established` may meet a 404.
 */
import type { Clock } from '@couchestor/common/base';
import { customResourceFinalizer, timestamp } from '../rest/lifecycle.ts';
import { specOf, typesOf } from '../rest/custom-resource-definitions.ts';
import type { CustomNames } from '../rest/custom-resource-definitions.ts';
import { jsonEqual } from '../patch/json.ts';
import { bucketOf } from '../store/store.ts';
import type { StoreEvent } from '../store/store.ts';
import type { KubeObject, ResourceType } from '../types.ts';
import { coalesce } from './controller.ts';
import type { ControllerParts } from './controller.ts';

interface Condition {
  type: string;
  status: 'True' | 'False';
  lastTransitionTime: string;
  reason: string;
  message: string;
}

interface Status {
  conditions?: Condition[];
  acceptedNames?: CustomNames;
  storedVersions?: string[];
}

const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
const bucket = bucketOf(definitions);
const statusOf = (definition: KubeObject): Status => definition.status ?? {};
const holds = (definition: KubeObject, type: string): boolean =>
  statusOf(definition).conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;

export class CustomResources {
  readonly #parts: ControllerParts & { clock: Clock };
  readonly #onChange: () => void;
  readonly #schedule = coalesce(() => this.sync());
  /** Types by definition, made anew only when its spec changes or its deletion begins. */
  #served = new Map<string, { version: string; types: ResourceType[] }>();

  /** `onChange` is called after the registry has changed. */
  constructor(parts: ControllerParts & { clock: Clock }, onChange: () => void) {
    this.#parts = parts;
    this.#onChange = onChange;
  }

  observe(event: StoreEvent): void {
    const deletedCustom = event.type === 'DELETED' && this.#parts.registry.ofBucket(event.bucket)?.builtIn === false;
    if (event.bucket === bucket || deletedCustom) this.#schedule();
  }

  stop(): void {
    this.#schedule.stop();
  }

  /** Brings the statuses and the registry up to date with the stored definitions. */
  sync(): void {
    const { store, registry } = this.#parts;
    for (const definition of store.list(definitions)) this.#updateStatus(definition);
    for (const definition of store.list(definitions)) {
      if (definition.metadata.deletionTimestamp !== undefined) this.#empty(definition);
    }
    const served = new Map<string, { version: string; types: ResourceType[] }>();
    for (const definition of store.list(definitions)) {
      if (!holds(definition, 'Established')) continue;
      const { uid, generation = 0, deletionTimestamp = '' } = definition.metadata;
      const version = `${generation} ${deletionTimestamp}`;
      const known = this.#served.get(uid);
      served.set(uid, known?.version === version ? known : { version, types: typesOf(definition) });
    }
    const before = registry.types.filter((type) => !type.builtIn);
    this.#served = served;
    const types = [...served.values()].flatMap((entry) => entry.types);
    if (types.length === before.length && types.every((type) => before.includes(type))) return;
    registry.setCustom(types);
    this.#onChange();
  }

  #updateStatus(definition: KubeObject): void {
    const { lifecycle, registry, clock } = this.#parts;
    const { names } = specOf(definition);
    const conflict = this.#nameConflict(definition);
    const wanted: Omit<Condition, 'lastTransitionTime'>[] = [
      conflict === undefined
        ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
        : { type: 'NamesAccepted', status: 'False', reason: conflict, message: 'a name is already in use' },
    ];
    if (conflict === undefined || holds(definition, 'Established')) {
      wanted.push({
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      });
    } else {
      wanted.push({
        type: 'Established',
        status: 'False',
        reason: 'NotAccepted',
        message: 'not all names are accepted',
      });
    }
    if (definition.metadata.deletionTimestamp !== undefined) {
      const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon';
      wanted.push({ type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message });
    }
    const { conditions = [], ...rest } = statusOf(definition);
    const now = timestamp(clock.now());
    const next: Status = {
      ...rest,
      conditions: wanted.map((condition) => {
        const same = conditions.find(({ type, status }) => type === condition.type && status === condition.status);
        return { lastTransitionTime: same?.lastTransitionTime ?? now, ...condition };
      }),
      ...(conflict === undefined ? { acceptedNames: names } : {}),
    };
    const type = registry.find(definitions.group, 'v1', definitions.resource);
    if (type === undefined || jsonEqual(next, statusOf(definition))) return;
    lifecycle.rewrite(type, definition, (object) => (object.status = next));
  }

  /** The reason why another definition of the group, accepted before, keeps this one from its names. */
  #nameConflict(definition: KubeObject): string | undefined {
    const { group, names } = specOf(definition);
    const wanted = new Set([names.plural, names.singular, ...(names.shortNames ?? [])]);
    for (const other of this.#parts.store.list(definitions)) {
      const accepted = statusOf(other).acceptedNames;
      if (other.metadata.uid === definition.metadata.uid || specOf(other).group !== group || accepted === undefined)
        continue;
      if (accepted.kind === names.kind) return 'KindConflict';
      if (accepted.listKind === names.listKind) return 'ListKindConflict';
      const taken = [accepted.plural, accepted.singular, ...(accepted.shortNames ?? [])];
      if (taken.some((name) => wanted.has(name))) return 'NamesConflict';
    }
    return undefined;
  }

  /** Deletes the instances; the definition may go when the last one has gone. */
  #empty(definition: KubeObject): void {
    const { store, registry, lifecycle } = this.#parts;
    const { group, names } = specOf(definition);
    const resource = { group, resource: names.plural };
    const type = registry.ofBucket(bucketOf(resource));
    for (const object of type === undefined ? [] : store.list(resource)) {
      if (type !== undefined && object.metadata.deletionTimestamp === undefined) lifecycle.delete(type, object);
    }
    const own = registry.find(definitions.group, 'v1', definitions.resource);
    if (own === undefined || store.list(resource).length > 0) return;
    lifecycle.rewrite(own, definition, ({ metadata }) => {
      metadata.finalizers = metadata.finalizers?.filter((finalizer) => finalizer !== customResourceFinalizer) ?? [];
    });
  }
}
