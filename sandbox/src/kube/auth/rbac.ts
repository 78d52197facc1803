/**
 * Role-based access control over the stored roles and bindings. Nothing is cached: the lister is the store, so a change
 * of a role holds for the next request. Roles are read defensively, since the store may hold what a schema let through.
 */
import { ApiError } from '../api-error.ts';
import { fieldOf, listOf, textOf } from '../patch/json.ts';
import type { GroupResource, KubeObject, RequestAttributes, UserInfo } from '../types.ts';
import { aggregatedRules, parseRules, ruleAllows, type PolicyRule } from './rules.ts';

export interface RbacLister {
  list(resource: GroupResource): readonly KubeObject[];
}

export interface Decision {
  allowed: boolean;
  /** Why, in the words of a real server; empty when there is nothing to say. */
  reason: string;
}

export interface RoleRef {
  kind: string;
  name: string;
}

export const RBAC_GROUP = 'rbac.authorization.k8s.io';
export const SUPERUSERS = 'system:masters';

interface Grant {
  rules: PolicyRule[];
  /** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"` */
  source: string;
}

export class RbacAuthorizer {
  readonly #lister: RbacLister;

  constructor(lister: RbacLister) {
    this.#lister = lister;
  }

  authorize(user: UserInfo, attributes: RequestAttributes): Decision {
    if (user.groups.includes(SUPERUSERS)) return { allowed: true, reason: '' };
    const namespace = attributes.kind === 'resource' ? attributes.namespace : '';
    const { grants, problems } = this.#grants(user, namespace);
    const grant = grants.find(({ rules }) => rules.some((rule) => ruleAllows(rule, attributes)));
    if (grant !== undefined) return { allowed: true, reason: `RBAC: allowed by ${grant.source}` };
    return { allowed: false, reason: problems.length === 0 ? '' : `RBAC: ${joined(problems)}` };
  }

  /** Every rule that holds for the user in a namespace; '' for those that hold everywhere. */
  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; problems: string[] } {
    const { grants, problems } = this.#grants(user, namespace);
    return { rules: grants.flatMap(({ rules }) => rules), problems };
  }

  /** The rules of a role as they are enforced, aggregation included; undefined when there is no such role. */
  rulesOfRole({ kind, name }: RoleRef, namespace: string): PolicyRule[] | undefined {
    const roles = this.#roles(kind === 'ClusterRole' ? 'clusterroles' : 'roles');
    const home = kind === 'ClusterRole' ? undefined : namespace;
    const role = roles.find(({ metadata }) => metadata.name === name && metadata.namespace === home);
    if (role === undefined) return undefined;
    return kind === 'ClusterRole' ? aggregatedRules(role, roles) : parseRules(fieldOf(role, 'rules'));
  }

  #grants(user: UserInfo, namespace: string): { grants: Grant[]; problems: string[] } {
    const grants: Grant[] = [];
    const problems: string[] = [];
    const clusterWide = this.#roles('clusterrolebindings');
    const local = namespace === '' ? [] : this.#roles('rolebindings');
    for (const binding of [...clusterWide, ...local.filter(({ metadata }) => metadata.namespace === namespace)]) {
      const home = binding.metadata.namespace ?? '';
      const subject = listOf(fieldOf(binding, 'subjects')).find((candidate) => appliesTo(candidate, user, home));
      if (subject === undefined) continue;
      const ref = parseRoleRef(fieldOf(binding, 'roleRef'));
      const rules = this.rulesOfRole(ref, home);
      if (rules === undefined) problems.push(`${ref.kind.toLowerCase()}.${RBAC_GROUP} "${ref.name}" not found`);
      else
        grants.push({
          rules,
          source: `${describeBinding(binding)} of ${ref.kind} "${ref.name}" to ${describeSubject(subject, home)}`,
        });
    }
    return { grants, problems };
  }

  #roles(resource: string): readonly KubeObject[] {
    return this.#lister.list({ group: RBAC_GROUP, resource });
  }
}

export function parseRoleRef(value: unknown): RoleRef {
  return { kind: textOf(value, 'kind'), name: textOf(value, 'name') };
}

/** A real server's 403 for a request that is not allowed. */
export function forbiddenError(user: UserInfo, attributes: RequestAttributes, reason: string): ApiError {
  const why = `User ${JSON.stringify(user.username)} cannot ${attributes.verb} ${describeTarget(attributes)}${reason === '' ? '' : `: ${reason}`}`;
  if (attributes.kind === 'path') return new ApiError(403, 'Forbidden', `forbidden: ${why}`, {});
  const { group, resource, name } = attributes;
  return ApiError.forbidden({ group, resource, name }, why);
}

function describeTarget(attributes: RequestAttributes): string {
  if (attributes.kind === 'path') return `path ${JSON.stringify(attributes.path)}`;
  const { group, resource, subresource, namespace } = attributes;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return `resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${scope}`;
}

function appliesTo(subject: unknown, user: UserInfo, bindingNamespace: string): boolean {
  const name = textOf(subject, 'name');
  switch (textOf(subject, 'kind')) {
    case 'User':
      return name === user.username;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount': {
      const namespace = textOf(subject, 'namespace') || bindingNamespace;
      return namespace !== '' && user.username === `system:serviceaccount:${namespace}:${name}`;
    }
    default:
      return false;
  }
}

function describeSubject(subject: unknown, bindingNamespace: string): string {
  const [kind, name] = [textOf(subject, 'kind'), textOf(subject, 'name')];
  const home = textOf(subject, 'namespace') || bindingNamespace;
  return `${kind} "${kind === 'ServiceAccount' ? `${name}/${home}` : name}"`;
}

function describeBinding({ metadata: { name, namespace } }: KubeObject): string {
  return namespace === undefined ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
}

const joined = (problems: readonly string[]): string =>
  problems.length === 1 ? problems.join() : `[${problems.join(', ')}]`;
