/**
 * Role-based access control over the stored roles and bindings. Nothing is cached: the lister is the store, so a change
 * of a role holds for the next request. Roles are read defensively, since the store may hold what a schema let through.
 */
import { ApiError } from '../api-error.ts';
import { fieldOf, listOf, textOf } from '../patch/json.ts';
import { matchesLabelSelector } from '../selectors.ts';
import type { GroupResource, KubeObject, RequestAttributes, UserInfo } from '../types.ts';

export interface RbacLister {
  list(resource: GroupResource): readonly KubeObject[];
}

export interface Decision {
  allowed: boolean;
  /** Which binding allows it; empty when there is nothing to say. */
  reason: string;
}

export const RBAC_GROUP = 'rbac.authorization.k8s.io';
export const SUPERUSERS = 'system:masters';

export class RbacAuthorizer {
  readonly #lister: RbacLister;

  constructor(lister: RbacLister) {
    this.#lister = lister;
  }

  authorize(user: UserInfo, attributes: RequestAttributes): Decision {
    if (user.groups.includes(SUPERUSERS)) return { allowed: true, reason: '' };
    const namespace = attributes.kind === 'resource' ? attributes.namespace : '';
    const binding = this.#bindings(user, namespace).find((candidate) =>
      this.#rulesOf(candidate).some((rule) => ruleAllows(rule, attributes)),
    );
    if (binding === undefined) return { allowed: false, reason: '' };
    const { kind, metadata } = binding;
    const name = [metadata.name, ...(metadata.namespace === undefined ? [] : [metadata.namespace])].join('/');
    return { allowed: true, reason: `RBAC: allowed by ${kind} "${name}"` };
  }

  /** Every rule, as its role has it, that holds for the user in a namespace; '' for those that hold everywhere. */
  rulesFor(user: UserInfo, namespace: string): readonly unknown[] {
    return this.#bindings(user, namespace).flatMap((binding) => this.#rulesOf(binding));
  }

  #bindings(user: UserInfo, namespace: string): readonly KubeObject[] {
    const local = this.#list('rolebindings').filter(({ metadata }) => metadata.namespace === namespace);
    return [...this.#list('clusterrolebindings'), ...local].filter(({ subjects, metadata }) =>
      listOf(subjects).some((subject) => isSubject(user, subject, metadata.namespace ?? '')),
    );
  }

  /** The rules of the role that is bound; none when there is no such role. */
  #rulesOf({ roleRef, metadata }: KubeObject): readonly unknown[] {
    const isClusterRole = textOf(roleRef, 'kind') === 'ClusterRole';
    const home = isClusterRole ? undefined : metadata.namespace;
    const role = this.#list(isClusterRole ? 'clusterroles' : 'roles').find(
      (candidate) => candidate.metadata.name === textOf(roleRef, 'name') && candidate.metadata.namespace === home,
    );
    return role === undefined ? [] : this.#aggregated(role, new Set());
  }

  /** With an aggregationRule, the rules of all roles that its selectors choose, however deep. */
  #aggregated(role: KubeObject, visited: Set<string>): readonly unknown[] {
    if (visited.has(role.metadata.name)) return [];
    visited.add(role.metadata.name);
    if (role.aggregationRule === undefined) return listOf(role.rules);
    const selectors = listOf(fieldOf(role.aggregationRule, 'clusterRoleSelectors'));
    return this.#list('clusterroles')
      .filter(({ metadata }) => selectors.some((selector) => matchesLabelSelector(selector, metadata.labels ?? {})))
      .flatMap((part) => this.#aggregated(part, visited));
  }

  #list(resource: string): readonly KubeObject[] {
    return this.#lister.list({ group: RBAC_GROUP, resource });
  }
}

function isSubject(user: UserInfo, subject: unknown, bindingNamespace: string): boolean {
  const name = textOf(subject, 'name');
  switch (textOf(subject, 'kind')) {
    case 'User':
      return name === user.username;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount':
      return user.username === `system:serviceaccount:${textOf(subject, 'namespace') || bindingNamespace}:${name}`;
    default:
      return false;
  }
}

function ruleAllows(rule: unknown, request: RequestAttributes): boolean {
  const names = (field: string, ...accepted: readonly unknown[]): boolean =>
    listOf(fieldOf(rule, field)).some((item) => item === '*' || accepted.includes(item));
  if (!names('verbs', request.verb)) return false;
  if (request.kind === 'path') {
    return listOf(fieldOf(rule, 'nonResourceURLs')).some((pattern) => pathCovers(String(pattern), request.path));
  }
  const { group, resource, subresource, name } = request;
  const spellings = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  const resourceNames = listOf(fieldOf(rule, 'resourceNames'));
  // A request without a name, such as create or list, is not covered by a rule about names.
  const isNamed = resourceNames.length === 0 || resourceNames.includes(name);
  return isNamed && names('apiGroups', group) && names('resources', ...spellings);
}

function pathCovers(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

/** A real server's 403 for a request that is not allowed. */
export function forbiddenError(user: UserInfo, attributes: RequestAttributes): ApiError {
  const who = `User ${JSON.stringify(user.username)} cannot ${attributes.verb}`;
  if (attributes.kind === 'path') {
    return new ApiError(403, 'Forbidden', `forbidden: ${who} path ${JSON.stringify(attributes.path)}`, {});
  }
  const { group, resource, subresource, namespace, name } = attributes;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const what = `resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${scope}`;
  return ApiError.forbidden({ group, resource, name }, `${who} ${what}`);
}
