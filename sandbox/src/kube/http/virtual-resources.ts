/** Resources that are questions: the answer to a create is computed, nothing is stored. */
import { ApiError } from '../api-error.ts';
import { answerReview, isReview } from '../auth/reviews.ts';
import type { ReviewContext } from '../auth/reviews.ts';
import type { FindObject, ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { answerTokenRequest } from '../auth/token-request.ts';
import { apiVersionOf } from '../types.ts';
import type { ResourceType } from '../types.ts';
import { json, readObject } from './messages.ts';
import type { Answer, ApiRequest, ResourceTarget } from './messages.ts';

interface VirtualParts extends Pick<ReviewContext, 'authorizer' | 'authenticator'> {
  find: FindObject;
  tokens: ServiceAccountTokens;
}

export class VirtualResources {
  readonly #parts: VirtualParts;

  constructor(parts: VirtualParts) {
    this.#parts = parts;
  }

  /** The answer, or undefined when the request is for a stored resource. */
  async handle(request: ApiRequest, target: ResourceTarget, type: ResourceType): Promise<Answer | undefined> {
    const { namespace, name, subresource } = target;
    const isToken = type.builtIn && type.kind === 'ServiceAccount' && subresource === 'token';
    if (!isToken && !(type.builtIn && isReview(type.kind))) return undefined;
    if (request.verb !== 'create') throw ApiError.methodNotAllowed();
    if (type.namespaced !== (namespace !== '') || (name !== '') !== isToken) throw ApiError.noSuchPath();
    const body = readObject(request) ?? {};
    if (!isToken) {
      const question = { ...body, kind: type.kind, apiVersion: apiVersionOf(type) };
      return json(await answerReview(type.kind, question, { ...this.#parts, user: request.user, namespace }), 201);
    }
    const account = this.#parts.find('serviceaccounts', namespace, name);
    if (account === undefined) throw ApiError.notFound({ ...type, name });
    return json(await answerTokenRequest(body, { account, ...this.#parts }), 201);
  }
}
