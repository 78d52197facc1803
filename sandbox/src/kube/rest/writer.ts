/**
 * Create, update, patch and apply, in the order of a real server: decode → unknown fields → defaults → (patch) →
 * metadata that the server owns → validation against the old object → store. It all happens in one tick, so nothing
 * can come between the read and the write of a patch. What a subresource may change is decided here too.
 */
import type { Clock } from '@couchestor/common/base';
import { ApiError } from '../api-error.ts';
import { applyPatch, applyServerSide, trackManagedFields } from '../patch/index.ts';
import { fieldOf, isObject } from '../patch/json.ts';
import { storageOf } from '../registry.ts';
import type { Store } from '../store/store.ts';
import { timestamp } from '../types.ts';
import type { FieldError, JsonObject, KubeObject, ObjectMeta, ResourceType, UserInfo } from '../types.ts';
import { forbidden, invalid, required } from '../schema/field-error.ts';
import type { Lifecycle } from './lifecycle.ts';
import * as metadata from './metadata.ts';
import type { WriteOptions } from './options.ts';
import { invalidOptions } from './options.ts';
import { fillDefaults, kindErrors, strategyOf } from './strategies.ts';
import { present, toStored } from './versions.ts';

export interface WriteContext {
  type: ResourceType;
  namespace: string;
  /** Empty for a create. */
  name: string;
  subresource: string;
  user: UserInfo;
  /** Who owns the fields that are set, when `options.fieldManager` does not say. */
  userAgent: string;
  options: WriteOptions;
  /** Collects what goes into Warning headers. */
  warnings: string[];
}

interface Patched {
  object: KubeObject;
  created: boolean;
}

interface WriterParts {
  store: Store;
  lifecycle: Lifecycle;
  clock: Clock;
}

const applyMediaType = 'application/apply-patch+yaml';

export class Writer {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  create(context: WriteContext, body: JsonObject): KubeObject {
    return this.#insert(context, this.#decode(context, body), true);
  }

  update(context: WriteContext, body: JsonObject): KubeObject {
    const before = this.#current(context);
    if (before === undefined) throw ApiError.notFound({ ...context.type, name: context.name });
    const after = this.#decode(context, body);
    if (isBlank(after.metadata.resourceVersion) && strategyOf(context.type).conditionalUpdate === true) {
      throw ApiError.invalid({ ...context.type, name: context.name }, [mustBeSpecified]);
    }
    return this.#replace(context, { after, before, track: true });
  }

  patch(context: WriteContext, contentType: string, patch: unknown): Patched {
    const { type, options, name } = context;
    const current = this.#current(context);
    if (contentType === applyMediaType) return this.#apply(context, patch, current);
    if (options.force) {
      throw invalidOptions('PatchOptions', forbidden('force', 'may not be specified for non-apply patch'));
    }
    if (current === undefined) throw ApiError.notFound({ ...type, name });
    const patched = applyPatch({ contentType, patch, current, type });
    const after = this.#decode(context, patched);
    return { object: this.#replace(context, { after, before: current, track: true }), created: false };
  }

  #apply(context: WriteContext, patch: unknown, current: KubeObject | undefined): Patched {
    const { type, options, subresource, name } = context;
    if (options.fieldManager === undefined) {
      throw invalidOptions('PatchOptions', required('fieldManager', 'is required for apply patch'));
    }
    if (!isObject(patch)) throw ApiError.badRequest('the apply configuration is not an object');
    const applied = this.#decode(context, patch, false);
    if (isBlank(applied.metadata.name)) applied.metadata.name = name;
    this.#checkName(context, applied);
    if (current === undefined && subresource !== '') throw ApiError.notFound({ ...type, name });
    if (current === undefined && !isBlank(applied.metadata.uid)) {
      throw ApiError.conflict({ ...type, name }, `uid mismatch: there is no object of uid ${applied.metadata.uid}`);
    }
    const now = timestamp(this.#parts.clock.now());
    const { fieldManager: manager, force } = options;
    const merged = applyServerSide({ current, applied, manager, force, type, subresource, now });
    const after = this.#decode({ ...context, warnings: [] }, merged);
    if (current === undefined) return { object: this.#insert(context, after, false), created: true };
    return { object: this.#replace(context, { after, before: current, track: false }), created: false };
  }

  #insert(context: WriteContext, object: KubeObject, track: boolean): KubeObject {
    const { type, options } = context;
    const { store, clock } = this.#parts;
    const strategy = strategyOf(type);
    const meta = object.metadata;
    if (!isBlank(meta.resourceVersion)) {
      throw ApiError.badRequest('resourceVersion should not be set on objects to be created');
    }
    this.#placeInNamespace(context, object);
    if (isBlank(meta.name)) meta.name = isBlank(meta.generateName) ? '' : metadata.generateName(meta.generateName);
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation']) {
      Reflect.deleteProperty(meta, field);
    }
    meta.uid = crypto.randomUUID();
    meta.creationTimestamp = timestamp(clock.now());
    if (type.hasGeneration) meta.generation = 1;
    if (type.subresources.status && strategy.initialStatus !== undefined) {
      const status = Object.keys(strategy.initialStatus).length === 0 ? undefined : strategy.initialStatus;
      setStatus(object, structuredClone(status));
    }
    strategy.prepare?.(object, undefined);
    if (track) this.#track(context, object, undefined);
    this.#validate(context, object, metadata.validateMetadata(meta, type));
    if (type.namespaced) this.#requireNamespace(context, meta);
    const existing = store.get(storageOf(type), meta.namespace, meta.name);
    if (existing !== undefined) {
      const leaving = existing.metadata.deletionTimestamp === undefined ? '' : 'object is being deleted: ';
      throw ApiError.alreadyExists({ ...type, name: meta.name }, leaving);
    }
    if (!options.dryRun) return present(store.put(storageOf(type), toStored(object, type)), type);
    Reflect.deleteProperty(meta, 'resourceVersion');
    return object;
  }

  #replace(context: WriteContext, change: { after: KubeObject; before: KubeObject; track: boolean }): KubeObject {
    const { type, subresource, options } = context;
    const { before } = change;
    this.#checkName(context, change.after);
    this.#checkPreconditions(context, change.after, before);
    const after = withinSubresource(change.after, before, context);
    this.#placeInNamespace(context, after);
    metadata.keepServerFields(after.metadata, before.metadata);
    if (subresource === '') strategyOf(type).prepare?.(after, before);
    if (type.hasGeneration && !metadata.sameSpec(after, before, type)) {
      after.metadata.generation = (before.metadata.generation ?? 0) + 1;
    }
    if (change.track) this.#track(context, after, before);
    this.#validate(context, after, metadata.validateMetadataUpdate(after.metadata, before.metadata, type), before);
    if (metadata.sameObject(after, before)) return before;
    if (options.dryRun) return after;
    const kept = this.#parts.lifecycle.settle(type, toStored(after, type));
    return present(kept ?? after, type);
  }

  /** The body as an object of the request's type, unknown fields reported and removed, defaults filled in. */
  #decode(context: WriteContext, body: JsonObject, fillIn = true): KubeObject {
    const { type, options, warnings } = context;
    const { object, unknown } = metadata.decodeObject(body, type);
    if (type.schema !== undefined) unknown.push(...type.schema.prune(object));
    const problems = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
    if (problems.length > 0 && options.fieldValidation === 'Strict') {
      throw metadata.unreadable(type, `strict decoding error: ${problems.join(', ')}`);
    }
    if (options.fieldValidation !== 'Ignore') warnings.push(...problems);
    if (!fillIn) return object;
    type.schema?.applyDefaults(object);
    fillDefaults(object, strategyOf(type).defaults ?? {});
    return object;
  }

  #current({ type, namespace, name }: WriteContext): KubeObject | undefined {
    const stored = this.#parts.store.get(storageOf(type), namespace, name);
    return stored === undefined ? undefined : present(stored, type);
  }

  #placeInNamespace({ type, namespace }: WriteContext, object: KubeObject): void {
    const given = object.metadata.namespace ?? '';
    if (!type.namespaced) Reflect.deleteProperty(object.metadata, 'namespace');
    else if (given === '' || given === namespace) object.metadata.namespace = namespace;
    else {
      const why = 'the namespace of the provided object does not match the namespace sent on the request';
      throw ApiError.badRequest(why);
    }
  }

  #requireNamespace({ type }: WriteContext, { name, namespace = '' }: ObjectMeta): void {
    const found = this.#parts.store.get({ group: '', resource: 'namespaces' }, undefined, namespace);
    if (found === undefined) throw ApiError.notFound({ group: '', resource: 'namespaces', name: namespace });
    if (found.metadata.deletionTimestamp === undefined) return;
    const message = `namespace ${namespace} is being terminated`;
    const causes = [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }];
    const error = ApiError.forbidden(
      { ...type, name },
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    throw new ApiError(error.code, error.reason, error.message, { ...error.details, causes });
  }

  #checkName({ name }: WriteContext, { metadata: meta }: KubeObject): void {
    if (meta.name === name) return;
    throw ApiError.badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
  }

  #checkPreconditions({ type, name }: WriteContext, after: KubeObject, before: KubeObject): void {
    const { uid, resourceVersion } = after.metadata;
    if (!isBlank(uid) && uid !== before.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`;
      throw ApiError.conflict({ ...type, name }, why);
    }
    if (isBlank(resourceVersion) || resourceVersion === before.metadata.resourceVersion) return;
    if (!/^\d{1,18}$/.test(resourceVersion)) {
      const error = invalid('metadata.resourceVersion', resourceVersion, 'must be an unsigned integer');
      throw ApiError.invalid({ ...type, name }, [error]);
    }
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw ApiError.conflict({ ...type, name }, why);
  }

  #track(context: WriteContext, after: KubeObject, before: KubeObject | undefined): void {
    const { type, subresource, userAgent, options } = context;
    const manager = options.fieldManager ?? userAgent.split('/', 1).join().slice(0, 128);
    trackManagedFields({ before, after, manager, type, subresource, now: timestamp(this.#parts.clock.now()) });
  }

  #validate(context: WriteContext, object: KubeObject, errors: FieldError[], before?: KubeObject): void {
    const { type } = context;
    const inSchema = type.schema?.validate(object, before) ?? [];
    const badType = type.builtIn ? inSchema.find(isUnreadable) : undefined;
    if (badType !== undefined) {
      throw metadata.unreadable(type, `json: cannot unmarshal ${badType.field}: ${badType.message}`);
    }
    const ofKind = inSchema.length === 0 ? kindErrors(type, object, before) : [];
    const all = [...errors, ...ofKind, ...inSchema];
    if (all.length > 0) throw ApiError.invalid({ ...type, name: object.metadata.name }, all);
  }
}

const mustBeSpecified: FieldError = {
  reason: 'FieldValueInvalid',
  field: 'metadata.resourceVersion',
  // A real server prints the Go value.
  message: 'Invalid value: 0x0: must be specified for an update',
};

const isBlank = (text: string | undefined): text is undefined | '' => text === undefined || text === '';

function setStatus(object: KubeObject, status: unknown): void {
  if (status === undefined) Reflect.deleteProperty(object, 'status');
  else object.status = status;
}

/** What a write through a subresource leaves of the change: status is changed through `/status` alone. */
function withinSubresource(after: KubeObject, before: KubeObject, { type, subresource }: WriteContext): KubeObject {
  if (subresource === '') {
    if (type.subresources.status) setStatus(after, before.status);
    return after;
  }
  const kept = structuredClone(before);
  const { managedFields } = after.metadata;
  if (managedFields === undefined) Reflect.deleteProperty(kept.metadata, 'managedFields');
  else kept.metadata.managedFields = managedFields;
  if (subresource === 'status') setStatus(kept, after.status);
  else kept.spec = { finalizers: fieldOf(after.spec, 'finalizers') ?? [] };
  return kept;
}

/** Wrong types and formats are found while a built-in kind is decoded, before anything is validated. */
const isUnreadable = ({ reason, message }: FieldError): boolean =>
  reason === 'FieldValueTypeInvalid' || message.includes(' in body must be of type ');
