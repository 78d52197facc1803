/**
 * Acting as somebody else (`kubectl --as`, `--as-group`): the one who asks needs the verb `impersonate` on the user and
 * on each group. Nothing of the asking user is left in the result.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../api-error.ts';
import type { RequestAttributes, UserInfo } from '../types.ts';

/** Thrown by `authorize` for what may not be impersonated; 500, as a real server, for anything but users and groups. */
export function impersonate(
  user: UserInfo,
  headers: IncomingHttpHeaders,
  authorize: (user: UserInfo, attributes: RequestAttributes) => void,
): UserInfo {
  const { 'impersonate-user': username = '', 'impersonate-group': listed = '' } = headers;
  const others = Object.keys(headers).filter((name) => /^impersonate-(?!user$|group$)/.test(name));
  if (username === '' && listed === '' && others.length === 0) return user;
  if (typeof username !== 'string' || username === '' || others.length > 0) {
    throw ApiError.internal('impersonation is of one user, with groups; not of a uid or extra attributes');
  }
  const check = (resource: string, name: string, namespace = ''): void =>
    authorize(user, { kind: 'resource', verb: 'impersonate', group: '', resource, subresource: '', namespace, name });
  const [, namespace, account] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? [];
  if (account === undefined) check('users', username);
  else check('serviceaccounts', account, namespace);
  // Node joins a repeated header into one, with commas.
  const groups = String(listed)
    .split(',')
    .flatMap((name) => name.trim() || []);
  for (const name of groups) check('groups', name);
  if (groups.length === 0 && account !== undefined) {
    groups.push('system:serviceaccounts', `system:serviceaccounts:${namespace}`);
  }
  const implied = username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  return { username, groups: [...new Set([...groups, implied])] };
}
