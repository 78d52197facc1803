/** For tests: one object under server-side apply, patches and creates, with the schema that the recordings were made with. */
import { builtinTypes } from '../builtins.ts';
import { compileSchema } from '../schema/index.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';
import { applyPatch, applyServerSide, trackManagedFields } from './index.ts';
import { isObject, jsonEqual } from './json.ts';

const text = { type: 'string' };
const texts = { type: 'object', additionalProperties: text };
const port = {
  type: 'object',
  required: ['port'],
  properties: {
    port: { type: 'integer' },
    protocol: { ...text, default: 'TCP' },
    name: text,
    extra: { type: 'object', properties: { a: text, b: text } },
  },
};
const schema = compileSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        name: { ...text, default: 'dflt' },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
        list: { type: 'array', items: text },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: port,
        },
        atom: { ...texts, 'x-kubernetes-map-type': 'atomic' },
        labels: texts,
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        nul: { ...text, nullable: true },
      },
    },
    status: {
      type: 'object',
      properties: {
        n: { type: 'integer' },
        conditions: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['type'],
          items: { type: 'object', required: ['type'], properties: { type: text, status: text } },
        },
      },
    },
  },
});
export const widgets: ResourceType = {
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  listKind: 'WidgetList',
  resource: 'widgets',
  singular: 'widget',
  shortNames: [],
  categories: [],
  namespaced: false,
  storageVersion: 'v1',
  subresources: { status: true },
  verbs: [],
  hasGeneration: true,
  printerColumns: [],
  schema,
  selectableFields: [],
  builtIn: false,
};
export const deployments = builtinTypes.find((type) => type.resource === 'deployments') ?? widgets;

/** One object with the parts of a write path that matter here: defaults, the status subresource, and nothing else. */
export class OneObject {
  current: KubeObject | undefined;
  readonly #type: ResourceType;
  #writes = 0;

  constructor(type: ResourceType = widgets) {
    this.#type = type;
  }

  apply(manager: string, body: JsonObject, options: { force?: boolean; subresource?: string } = {}): boolean {
    const applied = this.#complete(body);
    const { force = false, subresource = '' } = options;
    return this.#store(
      applyServerSide({
        current: this.current,
        applied,
        manager,
        force,
        type: this.#type,
        subresource,
        now: this.#now(),
      }),
    );
  }

  create(manager: string, body: JsonObject): boolean {
    return this.#update(manager, this.#complete(body));
  }

  patch(manager: string, contentType: string, patch: unknown): boolean {
    return this.#update(manager, applyPatch({ contentType, patch, current: this.#existing(), type: this.#type }));
  }

  #update(manager: string, body: JsonObject): boolean {
    this.#type.schema?.applyDefaults(body);
    const after = body as KubeObject;
    trackManagedFields({ before: this.current, after, manager, type: this.#type, subresource: '', now: this.#now() });
    return this.#store(after);
  }

  #existing(): KubeObject {
    if (this.current === undefined) throw new Error('there is no object yet');
    return this.current;
  }

  #complete(body: JsonObject): JsonObject {
    const { group, version, kind } = this.#type;
    const metadata = { name: 's', ...(isObject(body.metadata) ? body.metadata : {}) };
    return structuredClone({ apiVersion: `${group}/${version}`, kind, ...body, metadata });
  }

  #store(result: JsonObject): boolean {
    this.#type.schema?.applyDefaults(result);
    if (this.current !== undefined && jsonEqual(result, this.current)) return false;
    this.current = structuredClone(result) as KubeObject;
    return true;
  }

  #now(): string {
    this.#writes += 1;
    return new Date(Date.UTC(2026, 0, 1) + this.#writes * 1000).toISOString();
  }

  get owners(): Record<string, string> {
    return Object.fromEntries(
      (this.current?.metadata.managedFields ?? []).map((entry) => [
        [entry.manager, entry.operation, ...(entry.subresource === undefined ? [] : [entry.subresource])].join(' '),
        JSON.stringify(sorted(entry.fieldsV1)),
      ]),
    );
  }
}

export const sorted = (value: unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      )
    : value;
