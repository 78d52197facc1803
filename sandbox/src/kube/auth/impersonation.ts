/**
 * Acting as somebody else (`kubectl --as`): the headers name a user, groups and extra attributes, and the one who asks
 * needs the verb `impersonate` on each of them. Nothing of the asking user is left in the result.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../api-error.ts';
import type { RequestAttributes, UserInfo } from '../types.ts';

const extraPrefix = 'impersonate-extra-';
const accountPrefix = 'system:serviceaccount:';

/** Thrown by `authorize` for what may not be impersonated, and for groups or attributes without a user: 500, as a real server. */
export function impersonate(
  user: UserInfo,
  headers: IncomingHttpHeaders,
  authorize: (user: UserInfo, attributes: RequestAttributes) => void,
): UserInfo {
  const username = valuesOf(headers, 'impersonate-user')[0] ?? '';
  const uid = valuesOf(headers, 'impersonate-uid')[0];
  const groups = valuesOf(headers, 'impersonate-group');
  const extra = extraOf(headers);
  if (username === '') {
    if (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0) return user;
    throw ApiError.internal('requested groups, uid or extra without impersonating a user');
  }
  const check = (attributes: Partial<Extract<RequestAttributes, { kind: 'resource' }>>): void =>
    authorize(user, { ...impersonation, ...attributes });
  const [namespace, account] = username.startsWith(accountPrefix)
    ? username.slice(accountPrefix.length).split(':')
    : [];
  if (namespace !== undefined && account !== undefined)
    check({ resource: 'serviceaccounts', namespace, name: account });
  else check({ resource: 'users', name: username });
  for (const name of groups) check({ resource: 'groups', name });
  const group = 'authentication.k8s.io';
  if (uid !== undefined) check({ group, resource: 'uids', name: uid });
  for (const [subresource, values] of Object.entries(extra)) {
    for (const name of values) check({ group, resource: 'userextras', subresource, name });
  }
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups: completed(username, groups, namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

const impersonation: Extract<RequestAttributes, { kind: 'resource' }> = {
  kind: 'resource',
  verb: 'impersonate',
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
};

/** Groups that follow from the name, as if the user had authenticated. */
function completed(username: string, named: readonly string[], namespace: string | undefined): string[] {
  const groups = [...named];
  if (groups.length === 0 && namespace !== undefined) {
    groups.push('system:serviceaccounts', `system:serviceaccounts:${namespace}`);
  }
  const implied = username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  return groups.includes(implied) ? groups : [...groups, implied];
}

/** The names of attributes are percent-encoded, since headers cannot have all characters. */
function extraOf(headers: IncomingHttpHeaders): Record<string, string[]> {
  const names = Object.keys(headers).filter((name) => name.startsWith(extraPrefix));
  return Object.fromEntries(
    names.map((name) => [decodeName(name.slice(extraPrefix.length)), valuesOf(headers, name)] as const),
  );
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Node joins a repeated header into one, with commas. */
function valuesOf(headers: IncomingHttpHeaders, name: string): string[] {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
