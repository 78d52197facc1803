/** Resources that are questions: the answer to a create is computed, nothing is stored. */
import { ApiError } from '../api-error.ts';
import { isObject } from '../patch/json.ts';
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import type { Store } from '../store/store.ts';
import type { JsonObject, ResourceType } from '../types.ts';
import { json, readObject } from './messages.ts';
import type { Answer, ApiRequest } from './messages.ts';
import type { RequestTarget } from './request-target.ts';

type ResourceTarget = Extract<RequestTarget, { kind: 'resource' }>;

interface VirtualParts {
  store: Store;
  tokens: ServiceAccountTokens;
}

export class VirtualResources {
  readonly #parts: VirtualParts;

  constructor(parts: VirtualParts) {
    this.#parts = parts;
  }

  /** The answer, or undefined when the request is for a stored resource. */
  async handle(request: ApiRequest, target: ResourceTarget, type: ResourceType): Promise<Answer | undefined> {
    if (type.kind === 'ServiceAccount' && target.subresource === 'token') {
      if (request.verb !== 'create') throw ApiError.methodNotAllowed();
      return json(await this.#tokenRequest(target, readObject(request) ?? {}), 201);
    }
    return undefined;
  }

  async #tokenRequest({ namespace, name }: ResourceTarget, body: JsonObject): Promise<JsonObject> {
    const resource = { group: '', resource: 'serviceaccounts' };
    const account = this.#parts.store.get(resource, namespace, name);
    if (account === undefined) throw ApiError.notFound({ ...resource, name });
    const spec = isObject(body.spec) ? body.spec : {};
    const audiences = Array.isArray(spec.audiences) ? spec.audiences.map(String) : [];
    const expirationSeconds = Number(spec.expirationSeconds ?? 3600);
    if (!Number.isSafeInteger(expirationSeconds) || expirationSeconds < 600) {
      throw ApiError.badRequest('spec.expirationSeconds: may not specify a duration less than 10 minutes');
    }
    const { uid } = account.metadata;
    const status = await this.#parts.tokens.issueToken({ namespace, name, uid, audiences, expirationSeconds });
    return {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name, namespace, creationTimestamp: null },
      spec: { ...spec, audiences, expirationSeconds },
      status,
    };
  }
}
