/**
 * The verbs on resources: from a request to the reader, the writer and the lifecycle, and from what they return to an
 * answer.
 */
import type { Clock } from '@couchestor/common/base';
import { ApiError } from '../api-error.ts';
import type { FaultInjector } from '../faults.ts';
import { storageOf } from '../registry.ts';
import type { Lifecycle } from '../rest/lifecycle.ts';
import { readDeleteOptions, readListOptions, readWriteOptions } from '../rest/options.ts';
import { tooLargeRevision } from '../rest/reader.ts';
import type { Reader } from '../rest/reader.ts';
import { fromScale, toScale } from '../rest/subresources.ts';
import { present } from '../rest/versions.ts';
import type { WriteContext, Writer } from '../rest/writer.ts';
import type { Store } from '../store/store.ts';
import { toTable } from '../table.ts';
import { apiVersionOf } from '../types.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';
import { json, readObject, requireObject } from './messages.ts';
import type { Answer, ApiRequest, StreamAnswer } from './messages.ts';
import { encode, mediaTypeOf, negotiate, parseBody } from './negotiation.ts';
import type { Accepted } from './negotiation.ts';
import type { RequestTarget } from './request-target.ts';
import { Watch } from './watch.ts';

interface ResourceParts {
  store: Store;
  reader: Reader;
  writer: Writer;
  lifecycle: Lifecycle;
  faults: FaultInjector;
  clock: Clock;
  bookmarkIntervalMs: number;
}

type ResourceTarget = Extract<RequestTarget, { kind: 'resource' }>;

interface Call {
  request: ApiRequest;
  target: ResourceTarget;
  type: ResourceType;
  accepted: Accepted;
}

interface TableMetadata {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

const optionsKinds: Readonly<Record<string, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
};

const returnedWhenDeleted: ReadonlySet<string> = new Set([
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'Service',
  'ServiceAccount',
]);

export class ResourceHandlers {
  readonly #parts: ResourceParts;
  readonly #watches = new Map<Watch, ResourceType>();

  constructor(parts: ResourceParts) {
    this.#parts = parts;
  }

  handle(request: ApiRequest, target: ResourceTarget, type: ResourceType): Answer | StreamAnswer {
    const { verb } = request;
    checkServed(target, type, verb);
    const call: Call = { request, target, type, accepted: negotiate(request.headers.accept) };
    switch (verb) {
      case 'get':
        return this.#show(call, this.#get(call));
      case 'list':
        return this.#list(call);
      case 'watch':
        return this.#watch(call);
      case 'create':
      case 'update':
      case 'patch':
        return this.#write(call, verb);
      case 'delete':
        return this.#delete(call);
      case 'deletecollection':
        return this.#deleteCollection(call);
      default:
        throw ApiError.methodNotAllowed();
    }
  }

  /** Ends the watches of types that are no longer served with the same schema; their clients come back. */
  closeWatchesExcept(types: readonly ResourceType[]): void {
    for (const [watch, { group, version, resource, schema }] of this.#watches) {
      const now = types.find((type) => type.group === group && type.version === version && type.resource === resource);
      if (now === undefined || now.schema !== schema) watch.finish();
    }
  }

  #get({ type, target }: Call): JsonObject {
    const object = this.#parts.reader.get(type, target.namespace, target.name);
    return target.subresource === 'scale' ? toScale(object, type) : object;
  }

  #list(call: Call): Answer {
    const { request, type, target, accepted } = call;
    const page = this.#parts.reader.list({
      type,
      namespace: target.namespace === '' ? undefined : target.namespace,
      options: readListOptions(request.query, type),
      staleRevision: this.#parts.faults.take(request.fault, 'stale-list')?.revision,
    });
    const metadata: TableMetadata = {
      resourceVersion: String(page.revision),
      ...(page.continue === undefined ? {} : { continue: page.continue }),
      ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
    };
    if (accepted.as === 'Table') return this.#encode(call, this.#table(call, page.objects, metadata));
    if (accepted.as === 'PartialObjectMetadata') {
      const items = page.objects.map(partial);
      return this.#encode(call, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items });
    }
    // As on a real server, items of built-in lists leave their type to the list.
    const items = type.builtIn ? page.objects.map(withoutType) : page.objects;
    return this.#encode(call, { kind: type.listKind, apiVersion: apiVersionOf(type), metadata, items });
  }

  #watch(call: Call): StreamAnswer {
    const { request, type, target, accepted } = call;
    const options = readListOptions(request.query, type);
    const { revision } = this.#parts.store;
    const asked = Number(options.resourceVersion);
    if (options.sendInitialEvents === true && asked > revision) throw tooLargeRevision(asked, revision);
    let columnsSent = false;
    const render = (object: KubeObject, bookmark: boolean): JsonObject => {
      if (accepted.as === 'PartialObjectMetadata') return partial(object);
      if (accepted.as !== 'Table') return object;
      const { resourceVersion } = object.metadata;
      const table = this.#table(call, bookmark ? [] : [object], { resourceVersion });
      if (columnsSent) table.columnDefinitions = null;
      columnsSent = true;
      return table;
    };
    const namespace = target.namespace === '' ? undefined : target.namespace;
    const watchRequest = { type, namespace, options, fault: request.fault, render };
    return {
      contentType: 'application/json',
      stream: (response) => {
        const watch = new Watch(this.#parts, watchRequest, response);
        this.#watches.set(watch, type);
        response.on('close', () => this.#watches.delete(watch));
        watch.start();
      },
    };
  }

  #write(call: Call, verb: 'create' | 'update' | 'patch'): Answer {
    const { request, target, type } = call;
    const context: WriteContext = {
      type,
      namespace: target.namespace,
      name: target.name,
      subresource: target.subresource,
      user: request.user,
      userAgent: request.headers['user-agent'] ?? '',
      options: readWriteOptions(request.query, optionsKinds[verb] ?? ''),
      warnings: [],
    };
    const { writer } = this.#parts;
    if (target.subresource === 'scale') return this.#scale(call, context, verb);
    let object: KubeObject;
    let created = verb === 'create';
    if (verb === 'patch') {
      const mediaType = mediaTypeOf(request.headers['content-type']);
      const patch = parseBody(request.body ?? Buffer.alloc(0), mediaType);
      ({ object, created } = writer.patch(context, mediaType, patch));
    } else if (verb === 'create') object = writer.create(context, requireObject(request));
    else object = writer.update(context, requireObject(request));
    return { ...this.#show(call, object, created ? 201 : 200), warnings: context.warnings };
  }

  /** A change of scale is a change of one field of the object. */
  #scale(call: Call, context: WriteContext, verb: string): Answer {
    const { request, type } = call;
    const current = this.#parts.reader.get(type, context.namespace, context.name);
    const mediaType = mediaTypeOf(request.headers['content-type']);
    const body = verb === 'patch' ? parseBody(request.body ?? Buffer.alloc(0), mediaType) : requireObject(request);
    const patch = fromScale({ current, type, body, mediaType: verb === 'patch' ? mediaType : undefined });
    const { object } = this.#parts.writer.patch({ ...context, subresource: '' }, 'application/merge-patch+json', patch);
    return this.#show(call, toScale(object, type));
  }

  #delete(call: Call): Answer {
    const { request, target, type } = call;
    const stored = this.#parts.store.get(storageOf(type), target.namespace, target.name);
    if (stored === undefined) throw ApiError.notFound({ ...type, name: target.name });
    const left = this.#parts.lifecycle.delete(type, stored, readDeleteOptions(request.query, readObject(request)));
    if (left !== undefined) return this.#show(call, present(left, type));
    if (type.builtIn && returnedWhenDeleted.has(type.kind)) return this.#show(call, present(stored, type));
    const { name, uid } = stored.metadata;
    const details = { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.resource, uid };
    return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
  }

  #deleteCollection(call: Call): Answer {
    const { request, target, type } = call;
    const { store, reader, lifecycle } = this.#parts;
    if (type.namespaced && target.namespace === '') throw ApiError.methodNotAllowed();
    const options = readDeleteOptions(request.query, readObject(request));
    const namespace = target.namespace === '' ? undefined : target.namespace;
    const page = reader.list({ type, namespace, options: readListOptions(request.query, type) });
    for (const { metadata } of page.objects) {
      const stored = store.get(storageOf(type), metadata.namespace, metadata.name);
      if (stored !== undefined) lifecycle.delete(type, stored, options);
    }
    const metadata = { resourceVersion: String(store.revision) };
    return this.#encode(call, { kind: type.listKind, apiVersion: apiVersionOf(type), metadata, items: page.objects });
  }

  #show(call: Call, object: JsonObject, code = 200): Answer {
    const shown = object as KubeObject;
    if (call.accepted.as === 'Table') {
      const { resourceVersion } = shown.metadata;
      return this.#encode(call, this.#table(call, [shown], { resourceVersion }), code);
    }
    return this.#encode(call, call.accepted.as === 'PartialObjectMetadata' ? partial(shown) : object, code);
  }

  #table({ type, request }: Call, objects: readonly KubeObject[], metadata: TableMetadata): JsonObject {
    const includeObject = request.query.get('includeObject') ?? 'Metadata';
    if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object') {
      throw ApiError.badRequest(`unrecognized includeObject value: ${JSON.stringify(includeObject)}`);
    }
    return toTable(type, objects, { includeObject, ...metadata, now: new Date(this.#parts.clock.now()) });
  }

  #encode({ accepted }: Call, value: JsonObject, code = 200): Answer {
    return { code, ...encode(value, accepted.format) };
  }
}

function withoutType(object: KubeObject): JsonObject {
  const item: JsonObject = { ...object };
  Reflect.deleteProperty(item, 'apiVersion');
  Reflect.deleteProperty(item, 'kind');
  return item;
}

const partial = ({ metadata }: KubeObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

/** Refuses what the type does not have: the scope of the path, the subresource, the verb. */
function checkServed({ namespace, name, subresource }: ResourceTarget, type: ResourceType, verb: string): void {
  if (!type.namespaced && namespace !== '') throw ApiError.noSuchPath();
  if (type.namespaced && namespace === '') {
    if (name !== '') throw ApiError.noSuchPath();
    if (verb !== 'list' && verb !== 'watch') throw ApiError.methodNotAllowed();
  }
  if (!type.verbs.some((served) => served === verb)) throw ApiError.methodNotAllowed();
  if (name === '' && (verb === 'update' || verb === 'patch')) throw ApiError.methodNotAllowed();
  if (name !== '' && verb === 'create') throw ApiError.methodNotAllowed();
  if (subresource === '') return;
  const { status, scale } = type.subresources;
  const isFinalize = type.builtIn && type.kind === 'Namespace' && subresource === 'finalize';
  if (!(subresource === 'status' && status) && !(subresource === 'scale' && scale) && !isFinalize) {
    throw ApiError.noSuchPath();
  }
  if (!['get', 'update', 'patch'].includes(verb)) throw ApiError.methodNotAllowed();
}
