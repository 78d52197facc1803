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
import type { Reader } from '../rest/reader.ts';
import { present } from '../rest/versions.ts';
import type { WriteContext, Writer } from '../rest/writer.ts';
import type { Store } from '../store/store.ts';
import { toTable } from '../table.ts';
import { apiVersionOf } from '../types.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';
import { json, readObject, requireObject } from './messages.ts';
import type { Answer, ApiRequest, ResourceTarget, StreamAnswer } from './messages.ts';
import { mediaTypeOf, negotiate, parseBody } from './negotiation.ts';
import type { Representation } from './negotiation.ts';
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

interface Call {
  request: ApiRequest;
  target: ResourceTarget;
  type: ResourceType;
  /** How objects are shown. */
  as: Representation;
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
    const call: Call = { request, target, type, as: negotiate(request.headers.accept) };
    switch (verb) {
      case 'get':
        return this.#show(call, this.#parts.reader.get(type, target.namespace, target.name));
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

  #list(call: Call): Answer {
    const { request, type, target, as } = call;
    const page = this.#parts.reader.list({
      type,
      namespace: target.namespace === '' ? undefined : target.namespace,
      options: readListOptions(request.query, type),
      staleRevision: this.#parts.faults.take(request.fault, 'stale-list')?.revision,
    });
    const { continue: token, remainingItemCount } = page;
    const metadata: TableMetadata = {
      resourceVersion: String(page.revision),
      ...(token !== undefined && { continue: token }),
      ...(remainingItemCount !== undefined && { remainingItemCount }),
    };
    if (as === 'Table') return json(this.#table(call, page.objects, metadata));
    if (as === 'PartialObjectMetadata') {
      const items = page.objects.map(partial);
      return json({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items });
    }
    // As on a real server, items of built-in lists leave their type to the list.
    const items = type.builtIn ? page.objects.map(withoutType) : page.objects;
    return json({ kind: type.listKind, apiVersion: apiVersionOf(type), metadata, items });
  }

  #watch(call: Call): StreamAnswer {
    const { request, type, target, as } = call;
    const options = readListOptions(request.query, type);
    let columnsSent = false;
    const render = (object: KubeObject, bookmark: boolean): JsonObject => {
      if (as === 'PartialObjectMetadata') return partial(object);
      if (as !== 'Table') return object;
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
    const answer = (object: KubeObject, created: boolean): Answer => ({
      ...this.#show(call, object, created ? 201 : 200),
      warnings: context.warnings,
    });
    if (verb === 'create') return answer(writer.create(context, requireObject(request)), true);
    if (verb === 'update') return answer(writer.update(context, requireObject(request)), false);
    const mediaType = mediaTypeOf(request.headers['content-type']);
    const patch = parseBody(request.body ?? Buffer.alloc(0), mediaType);
    const { object, created } = writer.patch(context, mediaType, patch);
    return answer(object, created);
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
    return json({ kind: type.listKind, apiVersion: apiVersionOf(type), metadata, items: page.objects });
  }

  #show(call: Call, object: KubeObject, code = 200): Answer {
    const { resourceVersion } = object.metadata;
    if (call.as === 'Table') return json(this.#table(call, [object], { resourceVersion }), code);
    return json(call.as === 'PartialObjectMetadata' ? partial(object) : object, code);
  }

  #table({ type, request }: Call, objects: readonly KubeObject[], metadata: TableMetadata): JsonObject {
    const includeObject = request.query.get('includeObject') ?? 'Metadata';
    if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object') {
      throw ApiError.badRequest(`unrecognized includeObject value: ${JSON.stringify(includeObject)}`);
    }
    return toTable(type, objects, { includeObject, ...metadata, now: new Date(this.#parts.clock.now()) });
  }
}

const withoutType = (object: KubeObject): JsonObject => ({ ...object, apiVersion: undefined, kind: undefined });

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
  const isFinalize = type.builtIn && type.kind === 'Namespace' && subresource === 'finalize';
  if (!(subresource === 'status' && type.subresources.status) && !isFinalize) throw ApiError.noSuchPath();
  if (!['get', 'update', 'patch'].includes(verb)) throw ApiError.methodNotAllowed();
}
