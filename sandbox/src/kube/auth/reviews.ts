/** The questions a client can ask about identities and rights: created like objects, answered in `status`, never stored. */
import { ApiError } from '../api-error.ts';
import { fieldOf, isObject, listOf, textOf } from '../patch/json.ts';
import type { JsonObject, RequestAttributes, UserInfo } from '../types.ts';
import type { Authenticator } from './authenticator.ts';
import type { RbacAuthorizer } from './rbac.ts';
import { API_AUDIENCE } from './service-account-tokens.ts';

export interface ReviewContext {
  /** Who asks. */
  user: UserInfo;
  /** Of the request; '' for reviews that are not in a namespace. */
  namespace: string;
  authorizer: Pick<RbacAuthorizer, 'authorize' | 'rulesFor'>;
  authenticator: Pick<Authenticator, 'reviewToken'>;
}

type Answer = (spec: JsonObject, context: ReviewContext) => JsonObject | Promise<JsonObject>;

const ANSWERS = new Map<string, Answer>([
  ['TokenReview', tokenStatus],
  ['SubjectAccessReview', (spec, context) => accessStatus(spec, subjectOf(spec), context)],
  [
    'LocalSubjectAccessReview',
    (spec, context) => {
      if (textOf(spec.resourceAttributes, 'namespace') !== context.namespace) {
        throw ApiError.badRequest(`spec.resourceAttributes.namespace must match namespace: ${context.namespace}`);
      }
      return accessStatus(spec, subjectOf(spec), context);
    },
  ],
  ['SelfSubjectAccessReview', (spec, context) => accessStatus(spec, context.user, context)],
  ['SelfSubjectRulesReview', rulesStatus],
  ['SelfSubjectReview', (_spec, { user }) => ({ userInfo: { ...user } })],
]);

/** The kinds that {@link answerReview} answers. */
export const isReview = (kind: string): boolean => ANSWERS.has(kind);

/** The review with its status. Thrown: 400 or 422 for a question that makes no sense. */
export async function answerReview(kind: string, body: JsonObject, context: ReviewContext): Promise<JsonObject> {
  const answer = ANSWERS.get(kind);
  if (answer === undefined) throw ApiError.noSuchPath();
  const spec = isObject(body.spec) ? body.spec : {};
  const metadata = isObject(body.metadata) ? body.metadata : {};
  return { ...body, metadata: { ...metadata, creationTimestamp: null }, status: await answer(spec, context) };
}

async function tokenStatus(spec: JsonObject, { authenticator }: ReviewContext): Promise<JsonObject> {
  const token = textOf(spec, 'token');
  if (token === '') throw ApiError.badRequest('token is required for TokenReview in authentication');
  const audiences = texts(spec.audiences);
  const verified = await authenticator.reviewToken(token, audiences.length === 0 ? [API_AUDIENCE] : audiences);
  if (verified === undefined) return { user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: verified.user, audiences: verified.audiences };
}

function accessStatus(spec: JsonObject, subject: UserInfo, { authorizer }: ReviewContext): JsonObject {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isObject(resourceAttributes) === isObject(nonResourceAttributes)) {
    throw invalid(
      'spec.resourceAttributes',
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  }
  if (subject.username === '' && subject.groups.length === 0) {
    throw invalid('spec.user', 'at least one of user or group must be specified');
  }
  const text = (field: string): string => textOf(resourceAttributes ?? nonResourceAttributes, field);
  const [verb, group, resource, name] = [text('verb'), text('group'), text('resource'), text('name')];
  const [subresource, namespace] = [text('subresource'), text('namespace')];
  const attributes: RequestAttributes = isObject(resourceAttributes)
    ? { kind: 'resource', verb, group, resource, subresource, namespace, name }
    : { kind: 'path', verb, path: text('path') };
  const { allowed, reason } = authorizer.authorize(subject, attributes);
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function rulesStatus(spec: JsonObject, { user, authorizer }: ReviewContext): JsonObject {
  const rules = authorizer.rulesFor(user, textOf(spec, 'namespace'));
  return {
    resourceRules: rules.filter((rule) => fieldOf(rule, 'resources') !== undefined),
    nonResourceRules: rules.filter((rule) => fieldOf(rule, 'nonResourceURLs') !== undefined),
    incomplete: false,
  };
}

function invalid(field: string, why: string): ApiError {
  return ApiError.invalid({ group: 'authorization.k8s.io', kind: '', name: '' }, [
    { reason: 'FieldValueInvalid', field, message: `Invalid value: ${why}` },
  ]);
}

const subjectOf = (spec: JsonObject): UserInfo => ({ username: textOf(spec, 'user'), groups: texts(spec.groups) });

const texts = (value: unknown): string[] => listOf(value).filter((item) => typeof item === 'string');
