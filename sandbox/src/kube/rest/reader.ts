/**
 * Get and list, with the resourceVersion semantics of the Kubernetes API concepts page; pages of a list are of one
 * revision.
 */
import { ApiError } from '../api-error.ts';
import { storageOf } from '../registry.ts';
import { keyOf } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import type { KubeObject, ResourceType } from '../types.ts';
import type { ListOptions } from './options.ts';
import { present } from './versions.ts';

export interface ListPage {
  objects: KubeObject[];
  revision: number;
  continue: string | undefined;
  remainingItemCount: number | undefined;
}

interface ListRequest {
  type: ResourceType;
  /** Undefined for all namespaces. */
  namespace: string | undefined;
  options: ListOptions;
  /** Answer as if this were the newest revision. */
  staleRevision?: number | undefined;
}

const continueTooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Encodes where a list goes on; revision -1 means whatever is newest then. */
const encodeContinue = (revision: number, after: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');

function decodeContinue(token: string): { revision: number; after: string } {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<string, unknown>;
    if (v === 'meta.k8s.io/v1' && Number.isSafeInteger(rv) && typeof start === 'string') {
      return { revision: Number(rv), after: start };
    }
  } catch {
    // Falls through to the one answer for every malformed token.
  }
  throw ApiError.badRequest('continue key is not valid');
}

/** Thrown for a revision that is still to come: 504 with the cause that clients look for. */
export function tooLargeRevision(asked: number, current: number): ApiError {
  return new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    retryAfterSeconds: 1,
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  });
}

export class Reader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(type: ResourceType, namespace: string, name: string): KubeObject {
    const object = this.#store.get(storageOf(type), namespace, name);
    if (object === undefined) throw ApiError.notFound({ ...type, name });
    return present(object, type);
  }

  list(request: ListRequest): ListPage {
    const { type, options } = request;
    const { after, revision, snapshot } = this.#snapshot(request);
    const objects: KubeObject[] = [];
    let index = after === '' ? 0 : snapshot.findIndex((object) => keyOfObject(object) > after);
    if (index < 0) index = snapshot.length;
    let token: string | undefined;
    for (; index < snapshot.length; index++) {
      const stored = snapshot[index];
      if (stored === undefined) break;
      const object = present(stored, type);
      if (!options.selects(object)) continue;
      if (options.limit > 0 && objects.length === options.limit) {
        token = encodeContinue(revision, keyOfObject(objects.at(-1) ?? object));
        break;
      }
      objects.push(object);
    }
    const remaining = token === undefined || options.hasSelector ? undefined : snapshot.length - index;
    return { objects, revision, continue: token, remainingItemCount: remaining };
  }

  #snapshot({ type, namespace, options, staleRevision }: ListRequest): {
    snapshot: KubeObject[];
    revision: number;
    after: string;
  } {
    const store = this.#store;
    const storage = storageOf(type);
    const at = (revision: number, after: string): { snapshot: KubeObject[]; revision: number; after: string } => ({
      snapshot:
        revision === store.revision ? store.list(storage, namespace) : store.listAt(storage, namespace, revision),
      revision,
      after,
    });
    if (staleRevision !== undefined) {
      return at(Math.min(store.revision, Math.max(staleRevision, store.compactedRevision)), '');
    }
    if (options.continue !== '') {
      const { revision, after } = decodeContinue(options.continue);
      if (revision < 0) return at(store.revision, after);
      if (revision > store.revision) throw tooLargeRevision(revision, store.revision);
      if (revision >= store.compactedRevision) return at(revision, after);
      throw ApiError.expired(continueTooOld, encodeContinue(-1, after));
    }
    const asked = Number(options.resourceVersion);
    if (asked > store.revision) throw tooLargeRevision(asked, store.revision);
    const exact = options.match === 'Exact' || (options.match === '' && options.limit > 0 && asked > 0);
    if (!exact) return at(store.revision, '');
    if (asked >= store.compactedRevision) return at(asked, '');
    throw ApiError.expired('The resourceVersion for the provided list is too old.');
  }
}

const keyOfObject = ({ metadata }: KubeObject): string => keyOf(metadata.namespace, metadata.name);
