/**
 * Turns CustomResourceDefinitions into served types: accepts their names, establishes them, and empties them before
 * they go. As on a real server this happens just after the write, not within it, so a client that does not wait for
 * `Established` may meet a 404.
 */
import { jsonEqual } from '../patch/json.ts';
import { specOf, typesOf } from '../rest/custom-resource-definitions.ts';
import type { CustomNames } from '../rest/custom-resource-definitions.ts';
import { customResourceFinalizer } from '../rest/lifecycle.ts';
import { bucketOf } from '../store/store.ts';
import type { StoreEvent } from '../store/store.ts';
import { timestamp } from '../types.ts';
import type { KubeObject, ResourceType } from '../types.ts';
import { Controller } from './controller.ts';
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

export class CustomResources extends Controller {
  readonly #onChange: () => void;
  /** Types by definition, made anew only when its spec changes or its deletion begins. */
  #served = new Map<string, { version: string; types: ResourceType[] }>();

  /** `onChange` is called after the registry has changed. */
  constructor(parts: ControllerParts, onChange: () => void) {
    super(parts);
    this.#onChange = onChange;
  }

  /** Brings the statuses and the registry up to date with the stored definitions. */
  override sync(): void {
    const { store, registry } = this.parts;
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

  protected override concerns({ type, bucket: changed }: StoreEvent): boolean {
    return changed === bucket || (type === 'DELETED' && this.parts.registry.ofBucket(changed)?.builtIn === false);
  }

  #updateStatus(definition: KubeObject): void {
    const { lifecycle, registry, clock } = this.parts;
    const { names } = specOf(definition);
    const conflict = this.#nameConflict(definition);
    const established = conflict === undefined || holds(definition, 'Established');
    const wanted: [type: string, holds: boolean, reason: string, message: string][] = [
      ['NamesAccepted', conflict === undefined, conflict ?? 'NoConflicts', conflict ?? 'no conflicts found'],
      ['Established', established, established ? 'InitialNamesAccepted' : 'NotAccepted', 'by the names alone'],
    ];
    if (definition.metadata.deletionTimestamp !== undefined) {
      wanted.push(['Terminating', true, 'InstanceDeletionPending', 'marked for deletion']);
    }
    const { conditions = [], ...rest } = statusOf(definition);
    const now = timestamp(clock.now());
    const next: Status = {
      ...rest,
      conditions: wanted.map(([type, isTrue, reason, message]) => {
        const status = isTrue ? 'True' : 'False';
        const same = conditions.find((condition) => condition.type === type && condition.status === status);
        return { type, status, lastTransitionTime: same?.lastTransitionTime ?? now, reason, message };
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
    const others = this.parts.store
      .list(definitions)
      .filter((other) => specOf(other).group === group && other.metadata.uid !== definition.metadata.uid)
      .flatMap((other) => statusOf(other).acceptedNames ?? []);
    const namesOf = ({ plural, singular, shortNames = [] }: CustomNames): string[] => [plural, singular, ...shortNames];
    if (others.some(({ kind }) => kind === names.kind)) return 'KindConflict';
    if (others.some(({ listKind }) => listKind === names.listKind)) return 'ListKindConflict';
    const taken = new Set(others.flatMap(namesOf));
    return namesOf(names).some((name) => taken.has(name)) ? 'NamesConflict' : undefined;
  }

  /** Deletes the instances; the definition may go when the last one has gone. */
  #empty(definition: KubeObject): void {
    const { store, registry, lifecycle } = this.parts;
    const { group, names } = specOf(definition);
    const resource = { group, resource: names.plural };
    const type = registry.ofBucket(bucketOf(resource));
    for (const object of store.list(resource)) {
      if (type !== undefined && object.metadata.deletionTimestamp === undefined) lifecycle.delete(type, object);
    }
    const own = registry.find(definitions.group, 'v1', definitions.resource);
    if (own !== undefined && store.list(resource).length === 0) {
      lifecycle.dropFinalizer(own, definition, customResourceFinalizer);
    }
  }
}
