/** Which resource types are served now: the built-in ones, and those of every established CustomResourceDefinition. */
import { builtinTypes } from './builtins.ts';
import { bucketOf } from './store/store.ts';
import { apiVersionOf } from './types.ts';
import type { GroupResource, ResourceType } from './types.ts';

const pathKey = (group: string, version: string, resource: string): string => `${group}/${version}/${resource}`;

export class Registry {
  #types: readonly ResourceType[] = builtinTypes;
  #byPath = new Map<string, ResourceType>();
  #byKind = new Map<string, ResourceType>();
  #byBucket = new Map<string, ResourceType>();

  constructor() {
    this.setCustom([]);
  }

  get types(): readonly ResourceType[] {
    return this.#types;
  }

  /** Replaces all custom types. Types that did not change keep their identity, which caches rely on. */
  setCustom(custom: readonly ResourceType[]): void {
    this.#types = [...builtinTypes, ...custom];
    this.#byPath = new Map(this.#types.map((type) => [pathKey(type.group, type.version, type.resource), type]));
    this.#byKind = new Map(this.#types.map((type) => [`${apiVersionOf(type)} ${type.kind}`, type]));
    const stored = this.#types.filter((type) => type.verbs.includes('list') && storageOf(type).group === type.group);
    this.#byBucket = new Map(stored.map((type) => [bucketOf(type), type]));
  }

  find(group: string, version: string, resource: string): ResourceType | undefined {
    return this.#byPath.get(pathKey(group, version, resource));
  }

  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${apiVersion} ${kind}`);
  }

  /** One type per bucket of the store, so that each object is listed once. */
  stored(): ResourceType[] {
    return [...this.#byBucket.values()];
  }

  /** The type whose objects are kept in a bucket. */
  ofBucket(bucket: string): ResourceType | undefined {
    return this.#byBucket.get(bucket);
  }
}

/** Where objects of a type are kept: the two kinds of Event are one. */
export function storageOf(type: GroupResource): GroupResource {
  return type.group === 'events.k8s.io' ? { group: '', resource: type.resource } : type;
}
