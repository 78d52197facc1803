/** Policy rules: what one allows, which others it covers, and how ClusterRoles are put together from others. */
import { fieldOf, listOf } from '../patch/json.ts';
import { matchesLabelSelector } from '../selectors.ts';
import type { KubeObject, RequestAttributes } from '../types.ts';

export interface PolicyRule {
  verbs: readonly string[];
  apiGroups: readonly string[];
  resources: readonly string[];
  resourceNames: readonly string[];
  nonResourceURLs: readonly string[];
}

export function parseRules(value: unknown): PolicyRule[] {
  return listOf(value).map((rule) => {
    const list = (field: string): string[] => listOf(fieldOf(rule, field)).filter((item) => typeof item === 'string');
    return {
      verbs: list('verbs'),
      apiGroups: list('apiGroups'),
      resources: list('resources'),
      resourceNames: list('resourceNames'),
      nonResourceURLs: list('nonResourceURLs'),
    };
  });
}

const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);

export function ruleAllows(rule: PolicyRule, request: RequestAttributes): boolean {
  if (!has(rule.verbs, request.verb)) return false;
  if (request.kind === 'path') return rule.nonResourceURLs.some((pattern) => pathCovers(pattern, request.path));
  const { group, resource, subresource, name } = request;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    has(rule.apiGroups, group) &&
    rule.resources.some((pattern) => resourceCovers(pattern, full)) &&
    // A request without a name, such as create or list, is not covered by a rule about names.
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

/** `*` is everything, `pods` never its subresources, any resource's scale is spelt with a star before the slash. */
function resourceCovers(pattern: string, resource: string): boolean {
  if (pattern === '*' || pattern === resource) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && pattern === `*${resource.slice(slash)}`;
}

function pathCovers(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')));
}

/** Every single right of `wanted` that no rule of `held` covers, each as a rule of its own. */
export function missingRights(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(singleRights).filter((right) => !held.some((rule) => covers(rule, right)));
}

function singleRights(rule: PolicyRule): PolicyRule[] {
  const none = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  return rule.verbs.flatMap((verb) => [
    ...rule.apiGroups.flatMap((group) =>
      rule.resources.flatMap((resource) =>
        names.map((resourceNames) => ({
          ...none,
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          resourceNames,
        })),
      ),
    ),
    ...rule.nonResourceURLs.map((url) => ({ ...none, verbs: [verb], nonResourceURLs: [url] })),
  ]);
}

function covers(rule: PolicyRule, right: PolicyRule): boolean {
  return (
    right.verbs.every((verb) => has(rule.verbs, verb)) &&
    right.apiGroups.every((group) => has(rule.apiGroups, group)) &&
    right.resources.every((resource) => rule.resources.some((pattern) => resourceCovers(pattern, resource))) &&
    right.nonResourceURLs.every((url) => rule.nonResourceURLs.some((pattern) => pathCovers(pattern, url))) &&
    (rule.resourceNames.length === 0 ||
      (right.resourceNames.length > 0 && right.resourceNames.every((name) => rule.resourceNames.includes(name))))
  );
}

/** The rules of a ClusterRole: with an aggregationRule, those of all roles that its selectors choose, however deep. */
export function aggregatedRules(role: KubeObject, clusterRoles: readonly KubeObject[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const visited = new Set<KubeObject>();
  const visit = (current: KubeObject): void => {
    if (visited.has(current)) return;
    visited.add(current);
    const selectors = listOf(fieldOf(fieldOf(current, 'aggregationRule'), 'clusterRoleSelectors'));
    if (fieldOf(current, 'aggregationRule') === undefined) rules.push(...parseRules(fieldOf(current, 'rules')));
    for (const selector of selectors) {
      for (const candidate of clusterRoles)
        if (matchesLabelSelector(selector, candidate.metadata.labels ?? {})) visit(candidate);
    }
  };
  visit(role);
  return rules;
}
