/** The query parameters (for deletions also the body) that steer a request; what a client may get wrong is refused. */
import { ApiError } from '../api-error.ts';
import { textOf } from '../patch/json.ts';
import { parseFieldSelector, parseLabelSelector } from '../selectors.ts';
import type { FieldError, JsonObject, KubeObject, ResourceType } from '../types.ts';
import { forbidden, notSupported } from '../schema/field-error.ts';

const propagationPolicies = ['Foreground', 'Background', 'Orphan'] as const;
const fieldValidations = ['', 'Ignore', 'Strict', 'Warn'] as const;
const matches = ['Exact', 'NotOlderThan', ''] as const;

export interface WriteOptions {
  dryRun: boolean;
  fieldValidation: (typeof fieldValidations)[number];
  fieldManager: string | undefined;
  force: boolean;
}

export interface DeleteOptions {
  dryRun: boolean;
  propagationPolicy: (typeof propagationPolicies)[number] | undefined;
  uid: string;
  resourceVersion: string;
}

export interface ListOptions {
  limit: number;
  continue: string;
  resourceVersion: string;
  match: (typeof matches)[number];
  /** Whether an object is selected by labels and fields. */
  selects: (object: KubeObject) => boolean;
  hasSelector: boolean;
  allowWatchBookmarks: boolean;
  timeoutSeconds: number;
}

/** Options that are not as they must be, whichever kind of options they are: 422. */
export const invalidOptions = (kind: string, error: FieldError): ApiError =>
  ApiError.invalid({ group: 'meta.k8s.io', kind, name: '' }, [error]);

function oneOf<T extends string>(allowed: readonly T[], field: string, { kind, given }: Given): T {
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw invalidOptions(kind, notSupported(field, given, allowed));
  return found;
}

interface Given {
  kind: string;
  given: unknown;
}

const readDryRun = (values: readonly unknown[], kind: string): boolean =>
  values.map((given) => oneOf(['All', ''], 'dryRun', { kind, given })).includes('All');

export function readWriteOptions(query: URLSearchParams, kind: string): WriteOptions {
  const given = query.get('fieldValidation') ?? '';
  const fieldManager = (query.get('fieldManager') ?? '').slice(0, 128);
  return {
    dryRun: readDryRun(query.getAll('dryRun'), kind),
    fieldValidation: oneOf(fieldValidations, 'fieldValidation', { kind, given }),
    fieldManager: fieldManager === '' ? undefined : fieldManager,
    force: readBoolean(query, 'force'),
  };
}

/** A body wins over the query, as on a real server. */
export function readDeleteOptions(query: URLSearchParams, body: JsonObject = {}): DeleteOptions {
  const inQuery = { propagationPolicy: query.get('propagationPolicy'), dryRun: query.getAll('dryRun') };
  const options: JsonObject = Object.keys(body).length > 0 ? body : inQuery;
  const kind = 'DeleteOptions';
  const given = options.propagationPolicy ?? (options.orphanDependents === true ? 'Orphan' : undefined);
  const policy = given === undefined ? given : oneOf(propagationPolicies, 'propagationPolicy', { kind, given });
  return {
    dryRun: readDryRun(Array.isArray(options.dryRun) ? options.dryRun : [], kind),
    propagationPolicy: policy,
    uid: textOf(options.preconditions, 'uid'),
    resourceVersion: textOf(options.preconditions, 'resourceVersion'),
  };
}

export function readListOptions(query: URLSearchParams, type: ResourceType): ListOptions {
  const text = (name: string): string => query.get(name) ?? '';
  const labels = parseLabelSelector(text('labelSelector'));
  const fields = parseFieldSelector(text('fieldSelector'), type);
  const [resourceVersion, goesOn] = [text('resourceVersion'), text('continue')];
  const match = oneOf(matches, 'resourceVersionMatch', { kind: 'ListOptions', given: text('resourceVersionMatch') });
  // Clients that would have a watch begin with what exists fall back to a list on this answer.
  const why = 'is not supported for a watch';
  if (text('sendInitialEvents') !== '') throw invalidOptions('ListOptions', forbidden('sendInitialEvents', why));
  const exactlyAny = match === 'Exact' && resourceVersion === '0';
  if (match !== '' && (readBoolean(query, 'watch') || resourceVersion === '' || goesOn !== '' || exactlyAny)) {
    throw invalidOptions('ListOptions', forbidden('resourceVersionMatch', 'is for lists from a resourceVersion'));
  }
  if (!/^\d{0,18}$/.test(resourceVersion)) {
    throw ApiError.badRequest(`resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: invalid syntax`);
  }
  if (goesOn !== '' && !['', '0'].includes(resourceVersion)) {
    throw ApiError.badRequest('specifying resource version is not allowed when using continue');
  }
  return {
    ...{ continue: goesOn, resourceVersion, match },
    limit: readInteger(query, 'limit'),
    selects: (object) => labels(object.metadata.labels) && fields(object),
    hasSelector: text('labelSelector') !== '' || text('fieldSelector') !== '',
    allowWatchBookmarks: readBoolean(query, 'allowWatchBookmarks'),
    timeoutSeconds: readInteger(query, 'timeoutSeconds'),
  };
}

/** Zero when absent or negative. Thrown when it is no number: 400. */
function readInteger(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (/^-?\d{0,15}$/.test(text)) return Math.max(0, Number(text));
  throw ApiError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** As a real server's conversion: present and not "false" or "0" is true. */
export function readBoolean(query: URLSearchParams, name: string): boolean {
  return !['false', '0', undefined].includes(query.get(name)?.toLowerCase());
}
