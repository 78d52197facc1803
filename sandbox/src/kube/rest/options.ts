/**
 * The query parameters (for deletions also the body) that steer a request, read as strictly as a real server reads
 * them.
 */
import { ApiError } from '../api-error.ts';
import { isObject } from '../patch/json.ts';
import { parseFieldSelector, parseLabelSelector } from '../selectors.ts';
import type { FieldError, JsonObject, KubeObject, ResourceType } from '../types.ts';
import { forbidden, invalid, notSupported } from '../schema/field-error.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';
export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

export interface WriteOptions {
  dryRun: boolean;
  fieldValidation: FieldValidation;
  fieldManager: string | undefined;
  force: boolean;
}

export interface DeleteOptions {
  dryRun: boolean;
  gracePeriodSeconds: number | undefined;
  propagationPolicy: PropagationPolicy | undefined;
  uid: string | undefined;
  resourceVersion: string | undefined;
}

export interface ListOptions {
  limit: number;
  continue: string;
  resourceVersion: string;
  match: '' | 'Exact' | 'NotOlderThan';
  /** Whether an object is selected by labels and fields. */
  selects: (object: KubeObject) => boolean;
  hasSelector: boolean;
  watch: boolean;
  allowWatchBookmarks: boolean;
  sendInitialEvents: boolean | undefined;
  timeoutSeconds: number | undefined;
}

const refuse = (kind: string, errors: readonly FieldError[]): ApiError =>
  ApiError.invalid({ group: 'meta.k8s.io', kind, name: '' }, errors);

function readDryRun(values: readonly unknown[], kind: string): boolean {
  const given = values.filter((value) => value !== '');
  if (given.some((value) => value !== 'All')) throw refuse(kind, [notSupported('dryRun', given, ['All'])]);
  return given.length > 0;
}

export function readWriteOptions(query: URLSearchParams, kind: string): WriteOptions {
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(fieldValidation)) {
    throw refuse(kind, [notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn'])]);
  }
  const fieldManager = query.get('fieldManager') ?? '';
  if (fieldManager.length > 128) {
    throw refuse(kind, [invalid('fieldManager', fieldManager, 'may not be more than 128 bytes')]);
  }
  return {
    dryRun: readDryRun(query.getAll('dryRun'), kind),
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    fieldManager: fieldManager === '' ? undefined : fieldManager,
    force: readBoolean(query, 'force') === true,
  };
}

/** A body wins over the query, as on a real server. */
export function readDeleteOptions(query: URLSearchParams, body: JsonObject | undefined): DeleteOptions {
  const given: JsonObject =
    body !== undefined && Object.keys(body).length > 0
      ? body
      : {
          propagationPolicy: query.get('propagationPolicy'),
          gracePeriodSeconds: readInteger(query, 'gracePeriodSeconds'),
          orphanDependents: readBoolean(query, 'orphanDependents'),
          dryRun: query.getAll('dryRun'),
        };
  const { uid, resourceVersion } = isObject(given.preconditions) ? given.preconditions : {};
  const { orphanDependents = null } = given;
  const older = orphanDependents === null ? undefined : orphanDependents === true ? 'Orphan' : 'Background';
  return {
    dryRun: readDryRun(Array.isArray(given.dryRun) ? given.dryRun : [], 'DeleteOptions'),
    gracePeriodSeconds: readGracePeriod(given.gracePeriodSeconds ?? undefined),
    propagationPolicy: readPropagationPolicy(given.propagationPolicy ?? undefined) ?? older,
    uid: typeof uid === 'string' ? uid : undefined,
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : undefined,
  };
}

function readGracePeriod(seconds: unknown): number | undefined {
  if (seconds === undefined || (Number.isSafeInteger(seconds) && Number(seconds) >= 0))
    return seconds as number | undefined;
  const why = 'must be greater than or equal to 0';
  throw refuse('DeleteOptions', [invalid('gracePeriodSeconds', seconds, why)]);
}

function readPropagationPolicy(policy: unknown): PropagationPolicy | undefined {
  if (policy === undefined || policy === 'Orphan' || policy === 'Background' || policy === 'Foreground') return policy;
  const supported = ['Foreground', 'Background', 'Orphan', 'nil'];
  throw refuse('DeleteOptions', [notSupported('propagationPolicy', policy, supported)]);
}

export function readListOptions(query: URLSearchParams, type: ResourceType): ListOptions {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fieldSelector = query.get('fieldSelector') ?? '';
  const fields = parseFieldSelector(fieldSelector, type);
  const options: ListOptions = {
    limit: Math.max(0, readInteger(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    match: (query.get('resourceVersionMatch') ?? '') as ListOptions['match'],
    selects: (object) => labels(object.metadata.labels) && fields(object),
    hasSelector: (query.get('labelSelector') ?? '') !== '' || fieldSelector !== '',
    watch: readBoolean(query, 'watch') === true,
    allowWatchBookmarks: readBoolean(query, 'allowWatchBookmarks') === true,
    sendInitialEvents: readBoolean(query, 'sendInitialEvents'),
    timeoutSeconds: readInteger(query, 'timeoutSeconds'),
  };
  const errors = matchErrors(options);
  if (errors.length > 0) throw refuse('ListOptions', errors);
  if (options.resourceVersion !== '' && !/^\d{1,18}$/.test(options.resourceVersion)) {
    const why = `strconv.ParseUint: parsing ${JSON.stringify(options.resourceVersion)}: invalid syntax`;
    throw ApiError.badRequest(`resourceVersion: Invalid value: ${JSON.stringify(options.resourceVersion)}: ${why}`);
  }
  if (options.continue !== '' && !['', '0'].includes(options.resourceVersion)) {
    throw ApiError.badRequest('specifying resource version is not allowed when using continue');
  }
  return options;
}

function matchErrors(options: ListOptions): FieldError[] {
  const { match, resourceVersion, watch, sendInitialEvents } = options;
  const errors: FieldError[] = [];
  const refuseMatch = (why: string): void => void errors.push(forbidden('resourceVersionMatch', why));
  if (match !== '') {
    if (!['Exact', 'NotOlderThan'].includes(match)) {
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    } else if (watch && sendInitialEvents === undefined) {
      refuseMatch('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    } else if (!watch && resourceVersion === '') {
      refuseMatch('resourceVersionMatch is forbidden unless resourceVersion is provided');
    } else if (options.continue !== '') {
      refuseMatch('resourceVersionMatch is forbidden when continue is provided');
    } else if (match === 'Exact' && resourceVersion === '0') {
      refuseMatch('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    }
  }
  if (sendInitialEvents !== undefined) {
    if (!watch) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
    else if (match !== 'NotOlderThan') {
      refuseMatch('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
    }
  }
  return errors;
}

function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  const value = Number(text);
  if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw ApiError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return value;
}

/** As a real server's conversion: present and not "false" or "0" is true. */
function readBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return !['false', '0'].includes(text.toLowerCase());
}
