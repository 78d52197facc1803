/**
 * Nobody gives away rights they do not have: whoever writes a role must hold all its rules, or the verb `escalate`;
 * whoever writes a binding must hold all rules of the role, or the verb `bind` on it.
 */
import { ApiError } from '../api-error.ts';
import { fieldOf, jsonEqual } from '../patch/json.ts';
import type { KubeObject, UserInfo } from '../types.ts';
import { parseRoleRef, RBAC_GROUP, SUPERUSERS, type RbacAuthorizer } from './rbac.ts';
import { missingRights, parseRules, type PolicyRule } from './rules.ts';

interface RbacWrite {
  user: UserInfo;
  /** `roles`, `clusterroles`, `rolebindings` or `clusterrolebindings`. */
  resource: string;
  object: KubeObject;
  old: KubeObject | undefined;
}

const EVERYTHING: PolicyRule[] = parseRules([
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
]);

/** Thrown when a create or update of a role or binding would escalate: 403; 404 when the role to bind is unknown. */
export function checkEscalation(write: RbacWrite, authorizer: RbacAuthorizer): void {
  const { user, resource, object, old } = write;
  if (user.groups.includes(SUPERUSERS)) return;
  const unchanged = (...fields: readonly string[]): boolean =>
    old !== undefined &&
    fields.every((field) => jsonEqual(fieldOf(old, field) ?? null, fieldOf(object, field) ?? null));
  const name = object.metadata.name;
  const namespace = object.metadata.namespace ?? '';
  const may = (verb: string, target: { resource: string; name: string }): boolean =>
    authorizer.authorize(user, { kind: 'resource', verb, group: RBAC_GROUP, subresource: '', namespace, ...target })
      .allowed;
  const refuse = (why: string): ApiError => ApiError.forbidden({ group: RBAC_GROUP, resource, name }, why);
  const requireHeld = (rules: readonly PolicyRule[]): void => {
    const missing = missingRights(authorizer.rulesFor(user, namespace).rules, rules);
    if (missing.length > 0) throw refuse(describeMissing(user, missing));
  };

  if (resource.endsWith('bindings')) {
    if (unchanged('roleRef', 'subjects')) return;
    const ref = parseRoleRef(fieldOf(object, 'roleRef'));
    const target = { resource: ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles', name: ref.name };
    if (may('bind', target)) return;
    const rules = authorizer.rulesOfRole(ref, namespace);
    if (rules === undefined) throw ApiError.notFound({ group: RBAC_GROUP, ...target });
    requireHeld(rules);
    return;
  }
  if (unchanged('rules', 'aggregationRule') || may('escalate', { resource, name: old === undefined ? '' : name }))
    return;
  requireHeld(parseRules(fieldOf(object, 'rules')));
  const aggregates = (fieldOf(object, 'aggregationRule') ?? null) !== null;
  if (aggregates && missingRights(authorizer.rulesFor(user, '').rules, EVERYTHING).length > 0) {
    throw refuse('must have cluster-admin privileges to use the aggregationRule');
  }
}

function describeMissing(user: UserInfo, missing: readonly PolicyRule[]): string {
  const byTarget = new Map<string, PolicyRule>();
  for (const right of missing) {
    const { verbs, ...target } = right;
    // Rights to a resource as such are told in one line, those to single names and paths in one each.
    const isPlain = right.resources.length > 0 && right.resourceNames.length === 0;
    const key = JSON.stringify(isPlain ? target : right);
    byTarget.set(key, { ...right, verbs: [...(byTarget.get(key)?.verbs ?? []), ...verbs] });
  }
  const lines = [...byTarget.values()].map(printRule).sort();
  const who = `user ${JSON.stringify(user.username)} (groups=${goList(user.groups)})`;
  return [`${who} is attempting to grant RBAC permissions not currently held:`, ...lines].join('\n');
}

function printRule(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  const present = parts.filter(([, list]) => list.length > 0);
  return `{${present.map(([label, list]) => `${label}:${goList(list)}`).join(', ')}}`;
}

const goList = (list: readonly string[]): string => `[${list.map((item) => JSON.stringify(item)).join(' ')}]`;
