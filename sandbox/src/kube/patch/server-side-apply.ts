/**
 * Server-side apply: the applied configuration is merged into the live object, fields that its manager applied before
 * and now leaves out go (unless somebody else owns them), and a value that another manager owns may be changed only by
 * force. Semantics follow structured-merge-diff; the result still has to be defaulted and validated.
 */
import { ApiError } from '../api-error.ts';
import { apiVersionOf, type JsonObject, type KubeObject, type ResourceType } from '../types.ts';
import { common, inOrder, minus, printElement, printPath, union } from './field-set.ts';
import { fieldOf, isObject, jsonEqual, textOf } from './json.ts';
import { decodeOwners, isSameOwner, ownable, ownsTheSame, storeOwners, type Owner } from './managed-fields.ts';
import { rootSchema } from './shape.ts';
import { compareFields, fieldSetOf, listProblem, mergeApplied, removeFields, withNamedParents } from './typed.ts';

export interface ApplyInput {
  /** Undefined when the object does not exist yet; it is not changed. */
  current: KubeObject | undefined;
  /** It is not changed. */
  applied: JsonObject;
  manager: string;
  force: boolean;
  type: ResourceType;
  subresource: string;
  /** RFC 3339 */
  now: string;
}

/**
 * The object after an apply, `metadata.managedFields` included: equal to `current` when the apply changes nothing.
 * Thrown: 409 with one cause per field in conflict, 400 and 500 for a configuration that cannot be applied.
 */
export function applyServerSide(input: ApplyInput): JsonObject {
  const { current, manager, type, subresource, now } = input;
  const schema = rootSchema(type);
  const config = configurationOf(input, schema);
  const live: JsonObject = current ?? { apiVersion: config.apiVersion, kind: config.kind, metadata: {} };
  const owners = ownersOf(current, type, now);
  const claimed = fieldSetOf(config, schema);
  const self: Owner = {
    manager,
    operation: 'Apply',
    apiVersion: apiVersionOf(type),
    subresource,
    time: now,
    fields: ownable(claimed),
  };
  const known = owners.find((owner) => isSameOwner(owner, self));
  const others = owners.filter((owner) => owner !== known);

  const merged = mergeApplied(live, config, schema);
  const owned = withNamedParents(union(...others.map(({ fields }) => fields)), merged, schema);
  const wanted = union(owned, fieldSetOf(config, schema, 'every'));
  const given = known === undefined ? new Set<string>() : withNamedParents(known.fields, merged, schema);
  const removals = minus(given, wanted);
  removals.delete('f:metadata');
  const result = removeFields(merged, removals, schema);

  const { added, removed, modified } = compareFields(live, result, { schema, valueTypes: type.builtIn });
  const changed = union(added, modified);
  const conflicts = others
    .map((owner) => ({ owner, fields: common(owner.fields, changed) }))
    .filter(({ fields }) => fields.size > 0);
  if (conflicts.length > 0 && !input.force) throw conflictError(conflicts);

  if (!isObject(result)) throw ApiError.internal('an apply configuration must be an object');
  const isSame = ownsTheSame(known, self) && jsonEqual(live, result);
  const metadata: JsonObject = isObject(result.metadata) ? result.metadata : {};
  const remaining = others.map((owner) => ({ ...owner, fields: minus(minus(owner.fields, changed), removed) }));
  storeOwners({ metadata }, [...remaining, isSame ? { ...self, time: known?.time } : self]);
  return { ...result, metadata };
}

/** What is applied: through a subresource only its own part, and without it everything else. */
function configurationOf({ applied, type, subresource }: ApplyInput, schema: unknown): JsonObject {
  const config = structuredClone(applied);
  const metadata = config.metadata;
  if ((fieldOf(metadata, 'managedFields') ?? null) !== null)
    throw ApiError.badRequest('metadata.managedFields must be nil');
  if (isObject(metadata)) delete metadata.managedFields;
  if (subresource === 'status') {
    for (const key of Object.keys(config)) {
      if (!['apiVersion', 'kind', 'metadata', 'status'].includes(key)) Reflect.deleteProperty(config, key);
    }
    config.metadata = Object.fromEntries(
      Object.entries(isObject(metadata) ? metadata : {}).filter(([key]) =>
        ['name', 'namespace', 'uid', 'resourceVersion'].includes(key),
      ),
    );
  } else if (type.subresources.status) delete config.status;
  const problem = listProblem(config, schema);
  if (problem !== undefined) {
    const [namespace = '', name = ''] = ['namespace', 'name'].map((field) => textOf(metadata, field));
    const target = `(${namespace}/${name}; ${apiVersionOf(type)}, Kind=${type.kind})`;
    const what =
      problem.element === undefined ? problem.problem : `${problem.problem} ${printElement(problem.element)}`;
    throw new ApiError(500, '', `failed to create typed patch object ${target}: ${printPath(problem.path)}: ${what}`);
  }
  return config;
}

/** An object that nobody owns anything of belongs, from now on, to whoever was there before the first apply. */
function ownersOf(current: KubeObject | undefined, type: ResourceType, now: string): Owner[] {
  if (current === undefined) return [];
  const owners = decodeOwners(current.metadata.managedFields) ?? [];
  if (owners.length > 0) return owners;
  const { added } = compareFields({}, current, { schema: rootSchema(type), valueTypes: type.builtIn });
  const manager = 'before-first-apply';
  const apiVersion = apiVersionOf(type);
  return [{ manager, operation: 'Update', apiVersion, subresource: '', time: now, fields: ownable(added) }];
}

interface Conflict {
  owner: Owner;
  fields: ReadonlySet<string>;
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const sorted = conflicts
    .map(({ owner, fields }) => ({ name: printOwner(owner), paths: inOrder(fields).map(printPath) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const causes = sorted.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  const [first] = causes;
  const lists = sorted.map(({ name, paths }) =>
    [`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`)].join('\n'),
  );
  const message =
    causes.length === 1 && first !== undefined
      ? `Apply failed with 1 conflict: ${first.message}: ${first.field}`
      : `Apply failed with ${causes.length} conflicts: ${lists.join('\n')}`;
  return new ApiError(409, 'Conflict', message, { causes });
}

function printOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const using = operation === 'Apply' ? '' : ` using ${apiVersion}`;
  return JSON.stringify(manager) + through + using;
}
