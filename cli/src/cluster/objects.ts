/** CoucheStor's objects in the cluster. */
import {
  API_GROUP,
  API_VERSION,
  parseStoragePolicy,
  STORAGE_POLICY,
  VOLUME_MIGRATION,
  type StoragePolicy,
} from '@couchestor/common/api';
import { CoucheStorError } from '@couchestor/common/base';
import { storedMigration, type StoredMigration } from '../stored-migration.ts';
import type { KubeApi } from './kube-api.ts';

export interface MigrationChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly stored: StoredMigration;
}

const BASE = `/apis/${API_GROUP}/${API_VERSION}`;
const MIGRATIONS = `${BASE}/${VOLUME_MIGRATION.plural}`;
const POLICIES = `${BASE}/${STORAGE_POLICY.plural}`;
const PAGE_SIZE = 500;

export class ClusterObjects {
  readonly #api: KubeApi;

  constructor(api: KubeApi) {
    this.#api = api;
  }

  async migrations(): Promise<{ items: readonly StoredMigration[]; resourceVersion: string }> {
    const { items, resourceVersion } = await this.#list(MIGRATIONS);
    return { items: items.map(storedMigration), resourceVersion };
  }

  /** Thrown when there is none: `notFound`. */
  async migration(name: string): Promise<StoredMigration> {
    return storedMigration(await this.#api.request({ method: 'GET', path: pathOf(name) }));
  }

  /** What changes after `resourceVersion`, until the server ends it. Thrown when that is too old: `gone`. */
  async *changes(resourceVersion: string, signal: AbortSignal): AsyncGenerator<MigrationChange, void, undefined> {
    const path = `${MIGRATIONS}?watch=true&resourceVersion=${encodeURIComponent(resourceVersion)}`;
    for await (const event of this.#api.watch(path, signal)) {
      const { type, object } = event as { type?: unknown; object?: unknown };
      if (type === 'ERROR') throw new CoucheStorError('gone', 'The watch has to begin anew.');
      if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
        yield { type, stored: storedMigration(object) };
    }
  }

  /** Changes the spec of just the version that was read. Thrown when it has changed since: `conflict`. */
  async changeSpec({ object }: StoredMigration, spec: object): Promise<void> {
    const { name, uid, resourceVersion } = object.metadata;
    await this.#api.request({
      method: 'PATCH',
      path: pathOf(name),
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid, resourceVersion }, spec },
    });
  }

  /** All that can be parsed. */
  async policies(): Promise<readonly StoragePolicy[]> {
    const { items } = await this.#list(POLICIES);
    return items.map(parseStoragePolicy).flatMap((parsed) => (parsed.kind === 'ok' ? [parsed.value] : []));
  }

  /** Who the API server takes the caller for; undefined where it does not say. */
  async whoAmI(): Promise<string | undefined> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    try {
      const answer = await this.#api.request({ method: 'POST', path, contentType: 'application/json', body });
      const { status } = answer as { status?: { userInfo?: { username?: unknown } } };
      return typeof status?.userInfo?.username === 'string' ? status.userInfo.username : undefined;
    } catch (error) {
      // Before Kubernetes 1.28 there is no such thing, and it may be forbidden.
      const isRefused =
        error instanceof CoucheStorError && ['unsupported', 'notFound', 'forbidden'].includes(error.code);
      if (isRefused) return undefined;
      throw error;
    }
  }

  async #list(path: string): Promise<{ items: unknown[]; resourceVersion: string }> {
    const items: unknown[] = [];
    for (let next: string | undefined = ''; ;) {
      const page = (await this.#api.request({
        method: 'GET',
        path: `${path}?limit=${PAGE_SIZE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`,
      })) as { items?: unknown[] | null; metadata?: { resourceVersion?: string; continue?: string } };
      items.push(...(page.items ?? []));
      next = page.metadata?.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
    }
  }
}

function pathOf(name: string): string {
  return `${MIGRATIONS}/${encodeURIComponent(name)}`;
}
