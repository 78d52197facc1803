/**
 * Server-side apply: the applied configuration is merged into the live object, fields that its manager applied before
 * and now leaves out go (unless somebody else owns them), and a value that another manager owns may be changed only by
 * force. Semantics follow structured-merge-diff; the result still has to be defaulted and validated.
 */
import { ApiError } from '../api-error.ts';
import { apiVersionOf, type JsonObject, type KubeObject, type ResourceType } from '../types.ts';
import { common, minus, printPath, union } from './field-set.ts';
import { claimedBy, difference, fieldsOf, mergeFields, withNamedParents, withoutFields } from './fields.ts';
import { isObject, jsonEqual } from './json.ts';
import { decodeOwners, isSameOwner, ownable, storeOwners, type Owner } from './managed-fields.ts';
import { rootSchema } from './shape.ts';

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
 * Thrown: 409 with one cause per field in conflict, 400 for a configuration that cannot be applied.
 */
export function applyServerSide(input: ApplyInput): JsonObject {
  const { current, manager, type, subresource, now } = input;
  const [schema, apiVersion] = [rootSchema(type), apiVersionOf(type)];
  const config = configurationOf(input);
  const configured = fieldsOf(config, schema);
  const unsound = [...configured.values()].find((field) => field.unsound);
  if (unsound !== undefined) {
    throw ApiError.badRequest(`${printPath(unsound.path)}: an item without its keys, or two with the same`);
  }
  const live: JsonObject = current ?? { apiVersion: config.apiVersion, kind: config.kind, metadata: {} };
  const liveFields = fieldsOf(live, schema);
  const fields = ownable(claimedBy(configured));
  const self: Owner = { manager, operation: 'Apply', apiVersion, subresource, time: now, fields };
  const owners = current === undefined ? [] : (decodeOwners(current.metadata.managedFields) ?? []);
  if (current !== undefined && owners.length === 0) {
    // What nobody owns belongs, from now on, to whoever was there before the first apply.
    const { changed } = difference(new Map(), liveFields, { valueTypes: type.builtIn });
    owners.push({
      ...self,
      manager: 'before-first-apply',
      operation: 'Update',
      subresource: '',
      fields: ownable(changed),
    });
  }
  const known = owners.find((owner) => isSameOwner(owner, self));
  const others = owners.filter((owner) => owner !== known);

  const merged = mergeFields(live, config, schema);
  const mergedFields = fieldsOf(merged, schema);
  const owned = withNamedParents(union(...others.map((owner) => owner.fields)), mergedFields);
  const given = withNamedParents(known?.fields ?? new Set(), mergedFields);
  const removals = minus(given, owned, new Set(configured.keys()), new Set(['f:metadata']));
  const result = withoutFields(merged, removals, schema) as JsonObject;

  const { changed, removed } = difference(liveFields, fieldsOf(result, schema), { valueTypes: type.builtIn });
  if (!input.force) refuseConflicts(others, changed);
  const isSame =
    known?.apiVersion === apiVersion &&
    jsonEqual([...known.fields].sort(), [...fields].sort()) &&
    jsonEqual(live, result);
  const metadata: JsonObject = isObject(result.metadata) ? result.metadata : {};
  const remaining = others.map((owner) => ({ ...owner, fields: minus(owner.fields, changed, removed) }));
  storeOwners({ metadata }, [...remaining, isSame ? { ...self, time: known.time } : self]);
  return { ...result, metadata };
}

/** What is applied: through a subresource only its own part, and without it everything else. */
function configurationOf({ applied, type, subresource }: ApplyInput): JsonObject {
  const { metadata: given, status, ...config } = structuredClone(applied);
  const { managedFields, ...metadata } = isObject(given) ? given : {};
  if ((managedFields ?? null) !== null) throw ApiError.badRequest('metadata.managedFields must be nil');
  if (subresource === 'status') {
    const { apiVersion, kind } = config;
    const identity = Object.entries(metadata).filter(([key]) => /^(name|namespace|uid|resourceVersion)$/.test(key));
    return { apiVersion, kind, metadata: Object.fromEntries(identity), ...(status === undefined ? {} : { status }) };
  }
  return { ...config, metadata, ...(status === undefined || type.subresources.status ? {} : { status }) };
}

/** Thrown, as a 409: the fields that the apply would change although others own them. */
function refuseConflicts(others: readonly Owner[], changed: ReadonlySet<string>): void {
  const conflicts = others
    .map((owner) => ({ name: printOwner(owner), paths: [...common(owner.fields, changed)].sort().map(printPath) }))
    .filter(({ paths }) => paths.length > 0)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const causes = conflicts.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  const [first, second] = causes;
  if (first === undefined) return;
  const lists = conflicts.map(({ name, paths }) => [`conflicts with ${name}:`, ...paths].join('\n- '));
  const message =
    second === undefined
      ? `Apply failed with 1 conflict: ${first.message}: ${first.field}`
      : `Apply failed with ${causes.length} conflicts: ${lists.join('\n')}`;
  throw new ApiError(409, 'Conflict', message, { causes });
}

function printOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const using = operation === 'Apply' ? '' : ` using ${apiVersion}`;
  return JSON.stringify(manager) + through + using;
}
