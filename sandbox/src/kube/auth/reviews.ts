/** The questions a client can ask about identities and rights: created like objects, answered in `status`, never stored. */
import { ApiError } from '../api-error.ts';
import { isObject, listOf, textOf } from '../patch/json.ts';
import type { FieldError, JsonObject, RequestAttributes, UserInfo } from '../types.ts';
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

const ANSWERS: Readonly<Record<string, Answer>> = {
  TokenReview: tokenStatus,
  SubjectAccessReview: (spec, context) => accessStatus(spec, subjectOf(spec), context),
  LocalSubjectAccessReview: (spec, context) => {
    if (textOf(spec.resourceAttributes, 'namespace') !== context.namespace) {
      throw ApiError.badRequest(`spec.resourceAttributes.namespace must match namespace: ${context.namespace}`);
    }
    return accessStatus(spec, subjectOf(spec), context);
  },
  SelfSubjectAccessReview: (spec, context) => accessStatus(spec, context.user, context),
  SelfSubjectRulesReview: rulesStatus,
  SelfSubjectReview: (_spec, { user }) => ({ userInfo: { ...user } }),
};

/** The kinds that {@link answerReview} answers. */
export const isReview = (kind: string): boolean => Object.hasOwn(ANSWERS, kind);

/** The review with its status. Thrown: 400 or 422 for a question that makes no sense. */
export async function answerReview(kind: string, body: JsonObject, context: ReviewContext): Promise<JsonObject> {
  const answer = Object.hasOwn(ANSWERS, kind) ? ANSWERS[kind] : undefined;
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
  const { allowed, reason } = authorizer.authorize(subject, attributesOf(spec, subject));
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: JsonObject, subject: UserInfo): RequestAttributes {
  const errors: FieldError[] = [];
  const refuse = (field: string, value: string, why: string): void =>
    void errors.push({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${value}: ${why}` });
  if (isObject(resourceAttributes) && isObject(nonResourceAttributes)) {
    const value = JSON.stringify(nonResourceAttributes);
    refuse('spec.nonResourceAttributes', value, 'cannot be specified in combination with resourceAttributes');
  } else if (!isObject(resourceAttributes) && !isObject(nonResourceAttributes)) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    refuse('spec.resourceAttributes', '"null"', why);
  }
  if (subject.username === '' && subject.groups.length === 0) {
    refuse('spec.user', '""', 'at least one of user or group must be specified');
  }
  if (errors.length > 0) throw ApiError.invalid({ group: 'authorization.k8s.io', kind: '', name: '' }, errors);
  if (isObject(nonResourceAttributes)) {
    return { kind: 'path', verb: textOf(nonResourceAttributes, 'verb'), path: textOf(nonResourceAttributes, 'path') };
  }
  const text = (field: string): string => textOf(resourceAttributes, field);
  return {
    kind: 'resource',
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
  };
}

function subjectOf(spec: JsonObject): UserInfo {
  return { username: textOf(spec, 'user'), groups: texts(spec.groups) };
}

function rulesStatus(spec: JsonObject, { user, authorizer }: ReviewContext): JsonObject {
  const namespace = textOf(spec, 'namespace');
  if (namespace === '') throw ApiError.badRequest('no namespace on request');
  const { rules, problems } = authorizer.rulesFor(user, namespace);
  return {
    resourceRules: rules
      .filter(({ resources }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames.length === 0 ? {} : { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: problems.length > 0,
    ...(problems.length === 0 ? {} : { evaluationError: problems.join(', ') }),
  };
}

const texts = (value: unknown): string[] => listOf(value).filter((item) => typeof item === 'string');
