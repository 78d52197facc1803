/** CustomResourceDefinitions: their defaults, what makes one invalid, and the resource types that one serves. Pure. */
import { compileSchema, SchemaError } from '../schema/index.ts';
import { isObject } from '../patch/json.ts';
import type {
  CompiledSchema,
  FieldError,
  JsonObject,
  KubeObject,
  PrinterColumn,
  ResourceType,
  Verb,
} from '../types.ts';
import { duplicate, immutable, invalid, notSupported, required } from '../schema/field-error.ts';

export interface CustomNames {
  plural: string;
  singular: string;
  kind: string;
  listKind: string;
  shortNames?: string[];
  categories?: string[];
}

interface CustomVersion {
  name: string;
  served: boolean;
  storage: boolean;
  schema?: { openAPIV3Schema?: JsonObject };
  subresources?: { status?: JsonObject; scale?: { specReplicasPath: string; statusReplicasPath: string } };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
}

interface CustomSpec {
  group: string;
  scope: 'Namespaced' | 'Cluster';
  names: CustomNames;
  versions: CustomVersion[];
  conversion?: { strategy?: string };
}

const verbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const ageColumn: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
/** How many schemas are kept compiled; recompiling one costs milliseconds only. */
const compiledLimit = 256;
const compiled = new Map<string, CompiledSchema>();

/** The spec as the schema of the kind guarantees it. */
export const specOf = (definition: KubeObject): CustomSpec => definition.spec as CustomSpec;

/** Fills in names and the conversion, and notes a new storage version in the status. */
export function prepareDefinition(after: KubeObject, before: KubeObject | undefined): void {
  const spec = after.spec;
  if (!isObject(spec) || !isObject(spec.names) || !Array.isArray(spec.versions)) return;
  const { names } = spec;
  names.singular ??= String(names.kind).toLowerCase();
  names.listKind ??= `${String(names.kind)}List`;
  spec.conversion ??= { strategy: 'None' };
  const storage = spec.versions.find((version: unknown) => isObject(version) && version.storage === true) as
    CustomVersion | undefined;
  const status = isObject(before?.status) ? before.status : {};
  const storedVersions = Array.isArray(status.storedVersions) ? (status.storedVersions as unknown[]) : [];
  if (storage === undefined || storedVersions.includes(storage.name)) return;
  after.status = { ...status, storedVersions: [...storedVersions, storage.name] };
}

export function validateDefinition(after: KubeObject, before: KubeObject | undefined): FieldError[] {
  const { spec } = after as { spec?: unknown };
  // What is missing altogether is reported by the schema of the kind.
  if (!isObject(spec) || !isObject(spec.names) || !Array.isArray(spec.versions)) return [];
  const { group, scope, names, versions, conversion } = specOf(after);
  const errors: FieldError[] = [];
  const expected = `${names.plural}.${group}`;
  if (after.metadata.name !== expected) {
    errors.push(invalid('metadata.name', after.metadata.name, `must be spec.names.plural+"."+spec.group`));
  }
  if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  if (!['Cluster', 'Namespaced'].includes(scope))
    errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  for (const field of ['plural', 'singular'] as const) {
    if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(names[field])) {
      errors.push(
        invalid(
          `spec.names.${field}`,
          names[field],
          'a DNS-1035 label must consist of lower case alphanumeric characters',
        ),
      );
    }
  }
  if (names.kind === names.listKind)
    errors.push(invalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'));
  if (spec.preserveUnknownFields === true) {
    errors.push(invalid('spec.preserveUnknownFields', true, 'must be false'));
  }
  if (conversion?.strategy !== 'None')
    errors.push(notSupported('spec.conversion.strategy', conversion?.strategy, ['None']));
  if (versions.filter((version) => version.storage).length !== 1) {
    errors.push(
      invalid(
        'spec.versions',
        versions.map(({ name }) => name),
        'must have exactly one version marked as storage version',
      ),
    );
  }
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`;
    if (versions.findIndex((other) => other.name === version.name) < index)
      errors.push(duplicate(`${path}.name`, version.name));
    const schema = version.schema?.openAPIV3Schema;
    if (schema === undefined) errors.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'));
    else errors.push(...schemaErrors(schema, `${path}.schema.openAPIV3Schema`));
  }
  return before === undefined ? errors : [...errors, ...frozenErrors(after, before)];
}

function frozenErrors(after: KubeObject, before: KubeObject): FieldError[] {
  const [now, then] = [specOf(after), specOf(before)];
  const errors: FieldError[] = [];
  if (now.group !== then.group) errors.push(immutable('spec.group', now.group));
  if (now.scope !== then.scope) errors.push(immutable('spec.scope', now.scope));
  if (now.names.plural !== then.names.plural) errors.push(immutable('spec.names.plural', now.names.plural));
  if (now.names.kind !== then.names.kind) errors.push(immutable('spec.names.kind', now.names.kind));
  const { storedVersions = [] } = (after.status ?? {}) as { storedVersions?: string[] };
  for (const [index, stored] of storedVersions.entries()) {
    if (now.versions.some(({ name }) => name === stored)) continue;
    errors.push(invalid(`status.storedVersions[${index}]`, stored, 'must appear in spec.versions'));
  }
  return errors;
}

function schemaErrors(schema: JsonObject, path: string): readonly FieldError[] {
  try {
    compile(schema, path);
    return [];
  } catch (error) {
    if (error instanceof SchemaError) return error.errors;
    throw error;
  }
}

function compile(schema: JsonObject, path: string): CompiledSchema {
  const key = `${path} ${JSON.stringify(schema)}`;
  const result = compiled.get(key) ?? compileSchema(schema, path);
  compiled.delete(key);
  compiled.set(key, result);
  const oldest = compiled.size > compiledLimit ? compiled.keys().next().value : undefined;
  if (oldest !== undefined) compiled.delete(oldest);
  return result;
}

/** The types of a valid definition, one for each served version; while it is being deleted they refuse new objects. */
export function typesOf(definition: KubeObject): ResourceType[] {
  const { group, scope, names, versions } = specOf(definition);
  const storageVersion = versions.find((version) => version.storage)?.name ?? '';
  const terminating = definition.metadata.deletionTimestamp !== undefined;
  return versions.flatMap((version, index) =>
    version.served
      ? [
          {
            group,
            version: version.name,
            kind: names.kind,
            listKind: names.listKind,
            resource: names.plural,
            singular: names.singular,
            shortNames: names.shortNames ?? [],
            categories: names.categories ?? [],
            namespaced: scope === 'Namespaced',
            storageVersion,
            subresources: {
              status: version.subresources?.status !== undefined,
              ...(version.subresources?.scale === undefined ? {} : { scale: version.subresources.scale }),
            },
            verbs: terminating ? verbs.filter((verb) => verb !== 'create') : verbs,
            hasGeneration: true,
            printerColumns: version.additionalPrinterColumns ?? [ageColumn],
            selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
            schema: compile(version.schema?.openAPIV3Schema ?? {}, `spec.versions[${index}].schema.openAPIV3Schema`),
            builtIn: false,
          },
        ]
      : [],
  );
}
