/** TokenRequest: a client asks for a token of a service account, for audiences and a time. */
import { ApiError } from '../api-error.ts';
import { fieldOf, listOf } from '../patch/json.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import { API_AUDIENCE, type ServiceAccountTokens } from './service-account-tokens.ts';

const DEFAULT_SECONDS = 60 * 60;
const MIN_SECONDS = 10 * 60;
const MAX_SECONDS = 2 ** 32;

interface Parts {
  account: KubeObject;
  tokens: ServiceAccountTokens;
}

/** The body with the token in its status. Thrown: 422 for the duration, 400 for a token bound to an object. */
export async function answerTokenRequest(body: JsonObject, { account, tokens }: Parts): Promise<JsonObject> {
  if ((fieldOf(body.spec, 'boundObjectRef') ?? null) !== null) {
    throw ApiError.badRequest('this server binds tokens to service accounts only, not to spec.boundObjectRef');
  }
  const wanted = listOf(fieldOf(body.spec, 'audiences')).filter((audience) => typeof audience === 'string');
  const audiences = wanted.length === 0 ? [API_AUDIENCE] : wanted;
  const expirationSeconds = Number(fieldOf(body.spec, 'expirationSeconds') ?? DEFAULT_SECONDS);
  if (!(expirationSeconds >= MIN_SECONDS && expirationSeconds <= MAX_SECONDS)) {
    const why = expirationSeconds > MAX_SECONDS ? 'larger than 2^32 seconds' : 'less than 10 minutes';
    const message = `Invalid value: ${expirationSeconds}: may not specify a duration ${why}`;
    throw ApiError.invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name: '' }, [
      { reason: 'FieldValueInvalid', field: 'spec.expirationSeconds', message },
    ]);
  }
  const { namespace = '', name, uid } = account.metadata;
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: null },
    spec: { audiences, expirationSeconds, boundObjectRef: null },
    status: await tokens.issueToken({ namespace, name, uid, audiences, expirationSeconds }),
  };
}
