/** Which of the two Mayastors a cluster has: the REST API where its URL is configured, else the custom resource where it is served. */
import { CoucheStorError } from '@couchestor/common/base';
import type { StorageSystem } from '../../ports/storage-system.ts';
import type { MayastorCrdSystem } from './mayastor-crd-system.ts';

export interface StorageSystemChoice {
  /** Undefined: no URL is configured. */
  readonly rest: StorageSystem | undefined;
  readonly crd: MayastorCrdSystem;
}

/** Thrown when there is neither: CoucheStorError `invalid` with the remedy; when it cannot be found out: CoucheStorError. */
export async function chooseStorageSystem(
  { rest, crd }: StorageSystemChoice,
  signal: AbortSignal,
): Promise<StorageSystem> {
  if (rest !== undefined) return rest;
  if (await crd.isServed(signal)) return crd;
  throw new CoucheStorError('invalid', 'No Mayastor is configured, and mayastorvolumes.openebs.io is not served.', {
    fields: { remedy: "configure the URL of Mayastor's REST API, such as http://mayastor-api-rest:8081" },
  });
}
