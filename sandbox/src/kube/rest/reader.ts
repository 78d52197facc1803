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

/** Where a list starts: at which revision, after which key. */
interface Start {
  revision: number;
  after: string;
}

const continueTooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without it, or use the continue token in this response to go on inconsistently.';

/** Encodes where a list goes on; revision -1 means whatever is newest then. */
const encodeContinue = ({ revision, after }: Start): string =>
  Buffer.from(JSON.stringify({ revision, after })).toString('base64url');

function decodeContinue(token: string): Start {
  try {
    const { revision, after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<Start>;
    if (Number.isSafeInteger(revision) && typeof after === 'string') return { revision: Number(revision), after };
  } catch {
    // Falls through to the one answer for every malformed token.
  }
  throw ApiError.badRequest('continue key is not valid');
}

/** For a revision that is still to come: 504 with the cause that clients look for. */
function tooLargeRevision(asked: number, current: number): ApiError {
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

  list({ type, namespace, options, staleRevision }: ListRequest): ListPage {
    const { revision, after } = this.#startOf(options, staleRevision);
    const newest = revision === this.#store.revision;
    const storage = storageOf(type);
    const all = newest ? this.#store.list(storage, namespace) : this.#store.listAt(storage, namespace, revision);
    const rest = after === '' ? all : all.filter((object) => keyOfObject(object) > after);
    const objects: KubeObject[] = [];
    for (const [index, stored] of rest.entries()) {
      const object = present(stored, type);
      if (!options.selects(object)) continue;
      const last = objects.at(-1);
      if (last !== undefined && objects.length === options.limit) {
        const token = encodeContinue({ revision, after: keyOfObject(last) });
        const remainingItemCount = options.hasSelector ? undefined : rest.length - index;
        return { objects, revision, continue: token, remainingItemCount };
      }
      objects.push(object);
    }
    return { objects, revision, continue: undefined, remainingItemCount: undefined };
  }

  #startOf({ continue: token, ...options }: ListOptions, staleRevision: number | undefined): Start {
    const { revision: newest, compactedRevision: oldest } = this.#store;
    if (staleRevision !== undefined) return { revision: Math.min(newest, Math.max(staleRevision, oldest)), after: '' };
    const asked = Number(options.resourceVersion);
    const exact = options.match === 'Exact' || (options.match === '' && options.limit > 0 && asked > 0);
    const { revision, after } = token === '' ? { revision: asked, after: '' } : decodeContinue(token);
    if (revision > newest) throw tooLargeRevision(revision, newest);
    if (revision < 0 || (token === '' && !exact)) return { revision: newest, after };
    if (revision >= oldest) return { revision, after };
    if (token === '') throw ApiError.expired('The resourceVersion for the provided list is too old.');
    throw ApiError.expired(continueTooOld, encodeContinue({ revision: -1, after }));
  }
}

const keyOfObject = ({ metadata }: KubeObject): string => keyOf(metadata.namespace, metadata.name);
