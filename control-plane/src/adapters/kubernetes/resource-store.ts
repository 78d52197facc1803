/**
 * Reads and writes objects of one resource so that a decision holds when it is written. Every write carries the version that it
 * was decided on; a conflict repeats the read and the decision; an answer that got lost is read back, never assumed either
 * way. Attempts are bounded, so that a contended object is given back to the work queue instead of being fought for.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { CoucheStorError } from '@couchestor/common/base';
import { backoffDelayMs, retry, toCoucheStorError } from '@couchestor/common/base';
import { outcomeOf, retryAfterMsOf } from './api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { isKubeObject, isRecord, keyOf, type KubeObject, type NewObject, type ObjectRef } from './kube-object.ts';
import type { Entry } from './object-cache.ts';
import { apiVersionOf, type KubeResource } from './resources.ts';

export interface StoreOptions<T> {
  readonly client: KubeClient;
  readonly resource: KubeResource;
  /** Total, as for the informer. */
  readonly decode: (raw: KubeObject) => T;
  /** Tries of a write in all; 5 by default. */
  readonly attempts?: number;
  readonly backoffBaseMs?: number;
  readonly backoffMaxMs?: number;
  readonly random?: () => number;
}

export interface StoreCall {
  readonly signal?: AbortSignal | undefined;
}

/** `replaced`: the name now belongs to an object with another uid than the one asked for. */
export type Missing<T> = { readonly kind: 'absent' } | { readonly kind: 'replaced'; readonly entry: Entry<T> };
export type Fetched<T> = { readonly kind: 'found'; readonly entry: Entry<T> } | Missing<T>;
export type Updated<T> =
  | { readonly kind: 'written'; readonly entry: Entry<T> }
  /** The change had nothing to say about the current state. */
  | { readonly kind: 'unchanged'; readonly entry: Entry<T> }
  | Missing<T>;
export type Deleted<T> =
  /** Gone, now or before. */
  | { readonly kind: 'deleted' }
  /** Marked for deletion; finalizers hold it. */
  | { readonly kind: 'terminating'; readonly entry: Entry<T> }
  | { readonly kind: 'replaced'; readonly entry: Entry<T> };

/** Tells an object that this call made from one that was there before, after a lost answer. */
export const OPERATION_ANNOTATION = 'storage.billyronks.io/operation-id';

type Write = (raw: KubeObject, options: StoreCall) => Promise<KubeObject>;
/** A write that a change asks for, and how to see in a later read that it took effect. */
interface Intent {
  readonly write: Write;
  readonly holdsIn: (raw: KubeObject) => boolean;
}

/** When the API asks for more, it is the caller who waits, with whatever else it has to do. */
const LONGEST_WAIT_MS = 5_000;

export class ResourceStore<T> {
  readonly #options: StoreOptions<T>;
  readonly #attempts: number;

  constructor(options: StoreOptions<T>) {
    this.#options = options;
    this.#attempts = options.attempts ?? 5;
  }

  /** The object as the server has it now. Retries what is retryable. */
  async get(ref: ObjectRef, { signal }: StoreCall = {}): Promise<Fetched<T>> {
    const { client, resource } = this.#options;
    try {
      const read = (): Promise<KubeObject> => client.get(resource, ref, { signal });
      const raw = await retry(read, {
        ...this.#backoff(),
        attempts: this.#attempts,
        clock: client.clock,
        ...withSignal(signal),
      });
      const entry = this.#entry(raw);
      return ref.uid === undefined || raw.metadata.uid === ref.uid
        ? { kind: 'found', entry }
        : { kind: 'replaced', entry };
    } catch (error) {
      if (toCoucheStorError(error).code === 'notFound') return { kind: 'absent' };
      throw error;
    }
  }

  /**
   * Creates the object once, also when answers get lost on the way. Thrown when another one has the name: `alreadyExists`.
   * `operationId` names the intent across restarts; a random one by default.
   */
  async create(
    object: NewObject,
    { signal, operationId = randomUUID() }: StoreCall & { operationId?: string } = {},
  ): Promise<Entry<T>> {
    const { client, resource } = this.#options;
    const annotations = { ...object.metadata.annotations, [OPERATION_ANNOTATION]: operationId };
    const full = {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      ...object,
      metadata: { ...object.metadata, annotations },
    };
    for (let attempt = 0; ; attempt += 1) {
      try {
        return this.#entry(await client.create(resource, full, { signal }));
      } catch (thrown) {
        const error = toCoucheStorError(thrown);
        const last = attempt + 1 >= this.#attempts;
        if (error.code === 'alreadyExists' || (last && outcomeOf(error) === 'unknown')) {
          const found = await this.get(object.metadata, { signal });
          const ours =
            found.kind === 'found' && found.entry.raw.metadata.annotations?.[OPERATION_ANNOTATION] === operationId;
          if (ours) return found.entry;
          throw error;
        }
        if (last || !error.retryable) throw error;
        await this.#pause(attempt, error, signal);
      }
    }
  }

  /**
   * Replaces the status by what `change` makes of the current object; undefined leaves it alone. `change` is the guard: it runs
   * again on every fresh read, its own effect included, so it must be a function of what it is given.
   */
  async updateStatus(
    ref: ObjectRef,
    change: (entry: Entry<T>) => object | undefined,
    options: StoreCall = {},
  ): Promise<Updated<T>> {
    const { client, resource } = this.#options;
    return this.#readModifyWrite(ref, options, (entry) => {
      const status = change(entry);
      return (
        status && {
          write: (raw, call) => client.replace(resource, { ...raw, status }, { ...call, subresource: 'status' }),
          holdsIn: (raw) => isDeepStrictEqual(raw.status, jsonOf(status)),
        }
      );
    });
  }

  /** As updateStatus(), by a JSON merge patch of spec and metadata, such as adding or removing a finalizer. */
  async patch(
    ref: ObjectRef,
    change: (entry: Entry<T>) => Readonly<Record<string, unknown>> | undefined,
    options: StoreCall = {},
  ): Promise<Updated<T>> {
    const { client, resource } = this.#options;
    return this.#readModifyWrite(ref, options, (entry) => {
      const patch = change(entry);
      return (
        patch && {
          write: ({ metadata: { uid, resourceVersion } }, call) => {
            const metadata = isRecord(patch.metadata) ? patch.metadata : {};
            const guarded = { ...patch, metadata: { ...metadata, uid, resourceVersion } };
            return client.mergePatch(resource, ref, { ...call, patch: guarded });
          },
          holdsIn: (raw) => patchHolds(raw, patch),
        }
      );
    });
  }

  /**
   * Deletes this incarnation of the object, and only at this version if one is given. Thrown when it changed since:
   * `conflict`; the reason to delete it has to be looked at again.
   */
  async delete(
    ref: ObjectRef & { readonly uid: string; readonly resourceVersion?: string },
    { signal }: StoreCall = {},
  ): Promise<Deleted<T>> {
    const { client, resource } = this.#options;
    const { resourceVersion } = ref;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await client.delete(resource, ref, { resourceVersion, signal });
        return isKubeObject(answer) && isHeld(answer)
          ? { kind: 'terminating', entry: this.#entry(answer) }
          : { kind: 'deleted' };
      } catch (thrown) {
        const error = toCoucheStorError(thrown);
        if (error.code === 'notFound') return { kind: 'deleted' };
        if (error.code !== 'conflict' && !error.retryable) throw error;
        const now = await this.get(ref, { signal });
        if (now.kind === 'absent') return { kind: 'deleted' };
        if (now.kind === 'replaced') return now;
        if (isHeld(now.entry.raw)) return { kind: 'terminating', entry: now.entry };
        if (error.code === 'conflict' || attempt + 1 >= this.#attempts) throw error;
        await this.#pause(attempt, error, signal);
      }
    }
  }

  async #readModifyWrite(
    ref: ObjectRef,
    { signal }: StoreCall,
    decide: (entry: Entry<T>) => Intent | undefined,
  ): Promise<Updated<T>> {
    let lost: { readonly intent: Intent; readonly version: string; readonly error: CoucheStorError } | undefined;
    let uid = ref.uid;
    for (let attempt = 0; ; attempt += 1) {
      const fetched = await this.get(uid === undefined ? ref : { ...ref, uid }, { signal });
      if (fetched.kind !== 'found') return fetched;
      const { entry } = fetched;
      uid = entry.raw.metadata.uid;
      const moved = lost !== undefined && lost.version !== entry.raw.metadata.resourceVersion;
      if (moved && lost?.intent.holdsIn(entry.raw) === true) return { kind: 'written', entry };
      if (lost !== undefined && attempt >= this.#attempts) throw lost.error;
      // Until the object moves, the lost write may still arrive; what is decided on the same version asks for the same.
      if (moved) lost = undefined;
      const intent = decide(entry);
      if (intent === undefined) return { kind: 'unchanged', entry };
      try {
        return { kind: 'written', entry: this.#entry(await intent.write(entry.raw, { signal })) };
      } catch (thrown) {
        const error = toCoucheStorError(thrown);
        if (error.code === 'notFound') return { kind: 'absent' };
        const unknown = outcomeOf(error) === 'unknown' && error.code !== 'cancelled';
        if (unknown) lost = { intent, version: entry.raw.metadata.resourceVersion, error };
        if (!unknown && error.code !== 'conflict' && !error.retryable) throw error;
        // After the last attempt a lost answer is still read back once.
        if (!unknown && attempt + 1 >= this.#attempts) throw error;
        await this.#pause(attempt, error, signal);
      }
    }
  }

  #entry(raw: KubeObject): Entry<T> {
    return { key: keyOf(raw.metadata), raw, value: this.#options.decode(raw) };
  }

  #backoff(): { baseMs: number; maxMs: number; random: () => number } {
    const { backoffBaseMs = 50, backoffMaxMs = 2_000, random = Math.random } = this.#options;
    return { baseMs: backoffBaseMs, maxMs: backoffMaxMs, random };
  }

  async #pause(attempt: number, error: CoucheStorError, signal: AbortSignal | undefined): Promise<void> {
    const retryAfterMs = retryAfterMsOf(error);
    if (retryAfterMs > LONGEST_WAIT_MS) throw error;
    const delayMs = Math.max(backoffDelayMs({ ...this.#backoff(), attempt }), retryAfterMs);
    await this.#options.client.clock.sleep(delayMs, signal);
  }
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function isHeld({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length > 0;
}

/** As the server would send it back: without undefined members. */
function jsonOf(value: object): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** Whether applying the merge patch would change nothing. */
function patchHolds(target: unknown, patch: unknown): boolean {
  if (!isRecord(patch)) return isDeepStrictEqual(target, patch);
  if (!isRecord(target)) return false;
  return Object.entries(patch).every(([name, value]) =>
    value === null ? target[name] === undefined : value === undefined || patchHolds(target[name], value),
  );
}
