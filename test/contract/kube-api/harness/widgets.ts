/**
 * The custom resource that most cases work on: a namespaced Widget in a group of its own for every file, so that its
 * lists, watches and resource versions hold nothing of anybody else.
 */
import type { Body } from './body.ts';
import type { Answer } from './client.ts';
import type { Target } from './target.ts';
import { eventually } from './wait.ts';

export const widgetSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 0, maximum: 100, description: 'How large the widget is.' },
        mode: { type: 'string', enum: ['Fast', 'Slow'], default: 'Slow' },
        code: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
        tags: { type: 'array', maxItems: 3, items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        ports: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, port: { type: 'integer', default: 80 } },
          },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
        limit: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        note: { type: 'string', nullable: true },
        since: { type: 'string', format: 'date-time' },
        weights: { type: 'object', additionalProperties: { type: 'integer' } },
        active: { type: 'boolean' },
        ratio: { type: 'number' },
      },
    },
    status: {
      type: 'object',
      properties: { phase: { type: 'string' }, seen: { type: 'integer' } },
    },
  },
};

/**
 * For server-side apply: a real server before 1.23 cannot build its field types for a definition with int-or-string,
 * and falls back to atomic lists.
 */
export function schemaWithoutIntOrString(): unknown {
  const schema = structuredClone(widgetSchema);
  Reflect.deleteProperty(schema.properties.spec.properties, 'limit');
  return schema;
}

export interface WidgetOptions {
  scope?: 'Namespaced' | 'Cluster';
  schema?: unknown;
  columns?: readonly unknown[];
}

export interface WidgetObject {
  apiVersion: string;
  kind: 'Widget';
  metadata: { name: string; [field: string]: unknown };
  spec: Record<string, unknown>;
}

export interface Widgets {
  group: string;
  apiVersion: string;
  /** The CustomResourceDefinition's name. */
  crd: string;
  crdPath: string;
  /** The collection in namespace default, or of the whole cluster when the scope is Cluster. */
  path: string;
  object(name: string, spec?: Record<string, unknown>, metadata?: Record<string, unknown>): WidgetObject;
  /** Creates and returns the object; throws when it is refused. */
  create(name: string, spec?: Record<string, unknown>, metadata?: Record<string, unknown>): Promise<Body>;
}

export const crdsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export function widgetCrd(group: string, options: WidgetOptions = {}): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: options.scope ?? 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'], categories: ['contract'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: options.schema ?? widgetSchema },
          subresources: { status: {} },
          additionalPrinterColumns: options.columns ?? [],
        },
      ],
    },
  };
}

/** Installs the Widget type in a fresh group and waits until it is served. */
export async function installWidgets(target: Target, options: WidgetOptions = {}): Promise<Widgets> {
  const group = `${target.unique('w')}.contract.couchestor.test`;
  await installCrd(target, widgetCrd(group, options));
  const prefix = `/apis/${group}/v1`;
  const path = options.scope === 'Cluster' ? `${prefix}/widgets` : `${prefix}/namespaces/default/widgets`;
  const object: Widgets['object'] = (name, spec = { size: 1 }, metadata = {}) => ({
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name, ...metadata },
    spec,
  });
  const create: Widgets['create'] = async (name, spec, metadata) =>
    created(await target.admin.post(path, object(name, spec, metadata)));
  const crd = `widgets.${group}`;
  return { group, apiVersion: `${group}/v1`, crd, crdPath: `${crdsPath}/${crd}`, path, object, create };
}

/** Creates a definition, waits until every served version answers, and removes it when the file is done. */
export async function installCrd(target: Target, crd: Record<string, unknown>): Promise<Body> {
  const definition = created(await target.admin.post(crdsPath, crd));
  const path = `${crdsPath}/${definition.metadata.name}`;
  target.defer(async () => {
    await target.admin.delete(path);
    await eventually(async () => (await target.admin.get(path)).status === 404, `${path} to be gone`);
  });
  const spec = crd.spec as {
    group: string;
    names: { plural: string };
    versions: { name: string; served: boolean }[];
  };
  for (const { name } of spec.versions.filter((version) => version.served)) {
    const collection = `/apis/${spec.group}/${name}/${spec.names.plural}`;
    await eventually(async () => (await target.admin.get(collection)).status === 200, `${collection} to be served`);
  }
  return (await target.admin.get(path)).body;
}

export function created(answer: Answer): Body {
  if (answer.status !== 201) throw new Error(`not created: ${answer.status} ${answer.text}`);
  return answer.body;
}

export function ok(answer: Answer): Body {
  if (answer.status !== 200) throw new Error(`not OK: ${answer.status} ${answer.text}`);
  return answer.body;
}
