/** CustomResourceDefinitions: their defaults, what makes one invalid, and the resource types that one serves. Pure. */
import { compileSchema, SchemaError } from '../schema/index.ts';
import { fieldOf, isObject, listOf } from '../patch/json.ts';
import { allVerbs } from '../types.ts';
import type { CompiledSchema, FieldError, JsonObject, KubeObject, PrinterColumn, ResourceType } from '../types.ts';
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
  subresources?: { status?: JsonObject };
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
  const storedVersions = listOf(fieldOf(before?.status, 'storedVersions'));
  if (storage === undefined || storedVersions.includes(storage.name)) return;
  after.status = { ...(before?.status as JsonObject | undefined), storedVersions: [...storedVersions, storage.name] };
}

export function validateDefinition(after: KubeObject, before: KubeObject | undefined): FieldError[] {
  const { group, scope, names, versions, conversion } = specOf(after);
  const errors: FieldError[] = [];
  const must = (holds: boolean, error: () => FieldError): void => {
    if (!holds) errors.push(error());
  };
  const { name } = after.metadata;
  must(name === `${names.plural}.${group}`, () =>
    invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group'),
  );
  must(group.includes('.'), () => invalid('spec.group', group, 'should be a domain with at least one dot'));
  const scopes = ['Cluster', 'Namespaced'];
  must(scopes.includes(scope), () => notSupported('spec.scope', scope, scopes));
  for (const field of ['plural', 'singular'] as const) {
    const isLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(names[field]);
    must(isLabel, () => invalid(`spec.names.${field}`, names[field], 'must be a DNS-1035 label'));
  }
  const strategy = conversion?.strategy;
  must(strategy === 'None', () => notSupported('spec.conversion.strategy', strategy, ['None']));
  const versionNames = versions.map((version) => version.name);
  const oneStorage = versions.filter(({ storage }) => storage).length === 1;
  const why = 'must have exactly one version marked as storage version';
  must(oneStorage, () => invalid('spec.versions', versionNames, why));
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`;
    must(versionNames.indexOf(version.name) === index, () => duplicate(`${path}.name`, version.name));
    errors.push(...schemaErrors(version.schema?.openAPIV3Schema, `${path}.schema.openAPIV3Schema`));
  }
  if (before === undefined) return errors;
  const then = specOf(before);
  must(group === then.group, () => immutable('spec.group', group));
  must(scope === then.scope, () => immutable('spec.scope', scope));
  must(names.plural === then.names.plural, () => immutable('spec.names.plural', names.plural));
  must(names.kind === then.names.kind, () => immutable('spec.names.kind', names.kind));
  for (const [index, stored] of listOf(fieldOf(after.status, 'storedVersions')).entries()) {
    const path = `status.storedVersions[${index}]`;
    must(versionNames.includes(String(stored)), () => invalid(path, stored, 'must appear in spec.versions'));
  }
  return errors;
}

function schemaErrors(schema: JsonObject | undefined, path: string): readonly FieldError[] {
  if (schema === undefined) return [required(path, 'schemas are required')];
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
  const terminating = definition.metadata.deletionTimestamp !== undefined;
  const common = {
    group,
    kind: names.kind,
    listKind: names.listKind,
    resource: names.plural,
    singular: names.singular,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === 'Namespaced',
    storageVersion: versions.find(({ storage }) => storage)?.name ?? '',
    verbs: terminating ? allVerbs.filter((verb) => verb !== 'create') : allVerbs,
    hasGeneration: true,
    builtIn: false,
  };
  const types = versions.map((version, index) => ({
    ...common,
    version: version.name,
    subresources: { status: version.subresources?.status !== undefined },
    printerColumns: version.additionalPrinterColumns ?? [ageColumn],
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    schema: compile(version.schema?.openAPIV3Schema ?? {}, `spec.versions[${index}].schema.openAPIV3Schema`),
  }));
  return types.filter((_type, index) => versions[index]?.served);
}
