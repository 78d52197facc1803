/** TokenRequest: a client asks for a token of a service account, for audiences and a time, perhaps bound to an object. */
import { ApiError } from '../api-error.ts';
import { isObject, listOf, textOf } from '../patch/json.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import { API_AUDIENCE, type FindObject, type ServiceAccountTokens, type TokenSpec } from './service-account-tokens.ts';

const DEFAULT_SECONDS = 60 * 60;
const MIN_SECONDS = 10 * 60;
const MAX_SECONDS = 2 ** 32;
const BOUND_RESOURCES = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' } as const;

interface Parts {
  account: KubeObject;
  tokens: ServiceAccountTokens;
  find: FindObject;
}

/** The body with the token in its status. Thrown: 422 for the duration, 400, 404 or 409 for the object to bind to. */
export async function answerTokenRequest(body: JsonObject, { account, tokens, find }: Parts): Promise<JsonObject> {
  const spec = isObject(body.spec) ? body.spec : {};
  const audiences = listOf(spec.audiences).filter((audience) => typeof audience === 'string');
  const expirationSeconds = typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : DEFAULT_SECONDS;
  checkDuration(expirationSeconds);
  const { namespace = '', name, uid } = account.metadata;
  const boundObject = boundObjectOf(spec.boundObjectRef, namespace, find);
  const status = await tokens.issueToken({
    ...{ namespace, name, uid, audiences, expirationSeconds },
    ...(boundObject === undefined ? {} : { boundObject }),
  });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: null },
    spec: {
      audiences: audiences.length === 0 ? [API_AUDIENCE] : audiences,
      expirationSeconds,
      boundObjectRef: spec.boundObjectRef ?? null,
    },
    status,
  };
}

function checkDuration(seconds: number): void {
  const why =
    seconds < MIN_SECONDS
      ? 'may not specify a duration less than 10 minutes'
      : seconds > MAX_SECONDS
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined;
  if (why === undefined) return;
  const field = 'spec.expirationSeconds';
  throw ApiError.invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name: '' }, [
    { reason: 'FieldValueInvalid', field, message: `Invalid value: ${seconds}: ${why}` },
  ]);
}

function boundObjectOf(reference: unknown, namespace: string, find: FindObject): TokenSpec['boundObject'] {
  if (!isObject(reference)) return undefined;
  const kind = textOf(reference, 'kind');
  if (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node') {
    const version = textOf(reference, 'apiVersion');
    throw ApiError.badRequest(`cannot bind token to object of type /${version}, Kind=${kind}`);
  }
  const name = textOf(reference, 'name');
  const resource = BOUND_RESOURCES[kind];
  const found = find(resource, kind === 'Node' ? '' : namespace, name);
  if (found === undefined) throw ApiError.notFound({ group: '', resource, name });
  const { uid } = found.metadata;
  const wanted = textOf(reference, 'uid') || uid;
  if (wanted !== uid) {
    const why = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw ApiError.conflict({ group: '', resource, name }, why);
  }
  return { kind, name, uid };
}
