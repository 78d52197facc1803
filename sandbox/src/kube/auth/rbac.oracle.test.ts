import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject, RequestAttributes, UserInfo } from '../types.ts';
import { storedObjects } from './rbac.fixture.ts';
import { RbacAuthorizer } from './rbac.ts';

const bob: UserInfo = { username: 'bob', groups: ['dev', 'system:authenticated'] };
const allows = (objects: readonly JsonObject[], user: UserInfo, request: RequestAttributes): boolean =>
  new RbacAuthorizer(storedObjects(objects)).authorize(user, request).allowed;

describe('RbacAuthorizer against a naive oracle', () => {
  const some = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 2 });
  const rule = fc.record({
    verbs: some('get', 'list', '*'),
    apiGroups: some('', 'apps', '*'),
    resources: some('pods', 'pods/log', 'nodes', '*', '*/log'),
    resourceNames: some('p', 'q'),
    nonResourceURLs: some('/a', '/a/*', '*'),
  });
  const name = fc.constantFrom('r1', 'r2');
  const namespace = fc.constantFrom('n1', 'n2');
  const subject = fc.oneof(
    fc.record({ kind: fc.constant('User'), name: fc.constantFrom('bob', 'eve') }),
    fc.record({ kind: fc.constant('Group'), name: fc.constantFrom('dev', 'ops') }),
    fc.record({ kind: fc.constant('ServiceAccount'), name: fc.constant('sa'), namespace }),
  );
  const world = fc.record({
    clusterRoles: fc.dictionary(name, fc.array(rule, { maxLength: 2 })),
    roles: fc.array(fc.record({ name, namespace, rules: fc.array(rule, { maxLength: 2 }) }), { maxLength: 3 }),
    clusterBindings: fc.array(fc.record({ role: name, subjects: fc.array(subject, { maxLength: 2 }) }), {
      maxLength: 2,
    }),
    bindings: fc.array(
      fc.record({
        kind: fc.constantFrom('Role', 'ClusterRole'),
        role: name,
        namespace,
        subjects: fc.array(subject, { maxLength: 2 }),
      }),
      { maxLength: 3 },
    ),
  });
  const user = fc.constantFrom(
    bob,
    { username: 'eve', groups: ['ops'] },
    { username: 'system:serviceaccount:n1:sa', groups: [] },
  );
  const request: fc.Arbitrary<RequestAttributes> = fc.oneof(
    fc.record({
      kind: fc.constant('resource' as const),
      verb: fc.constantFrom('get', 'list', 'create'),
      group: fc.constantFrom('', 'apps'),
      resource: fc.constantFrom('pods', 'nodes'),
      subresource: fc.constantFrom('', 'log'),
      namespace: fc.constantFrom('', 'n1', 'n2'),
      name: fc.constantFrom('', 'p', 'q'),
    }),
    fc.record({
      kind: fc.constant('path' as const),
      verb: fc.constantFrom('get', 'post'),
      path: fc.constantFrom('/a', '/a/b', '/b'),
    }),
  );
  type World = typeof world extends fc.Arbitrary<infer T> ? T : never;
  type Rule = typeof rule extends fc.Arbitrary<infer T> ? T : never;

  /** Spells out every request that a rule allows, and looks whether this one is among them. */
  function allowedByRule(one: Rule, asked: RequestAttributes): boolean {
    const verbs = one.verbs.includes('*') ? ['get', 'list', 'create', 'post'] : one.verbs;
    if (asked.kind === 'path') {
      const urls = one.nonResourceURLs.flatMap((url) =>
        url === '*' ? ['/a', '/a/b', '/b'] : url === '/a/*' ? ['/a/b'] : [url],
      );
      return verbs.includes(asked.verb) && urls.includes(asked.path);
    }
    const groups = one.apiGroups.includes('*') ? ['', 'apps'] : one.apiGroups;
    const everything = ['pods', 'pods/log', 'nodes', 'nodes/log'];
    const resources = one.resources.flatMap((pattern) =>
      pattern === '*' ? everything : pattern === '*/log' ? ['pods/log', 'nodes/log'] : [pattern],
    );
    const names = one.resourceNames.length === 0 ? ['', 'p', 'q'] : one.resourceNames;
    const full = [asked.resource, asked.subresource].filter(Boolean).join('/');
    return (
      verbs.includes(asked.verb) &&
      groups.includes(asked.group) &&
      resources.includes(full) &&
      names.includes(asked.name)
    );
  }

  function oracle(all: World, who: UserInfo, asked: RequestAttributes): boolean {
    const is = (one: JsonObject): boolean =>
      (one.kind === 'User' && one.name === who.username) ||
      (one.kind === 'Group' && who.groups.includes(String(one.name))) ||
      (one.kind === 'ServiceAccount' &&
        who.username === `system:serviceaccount:${String(one.namespace)}:${String(one.name)}`);
    const rules: Rule[] = [];
    for (const binding of all.clusterBindings)
      if (binding.subjects.some(is)) rules.push(...(all.clusterRoles[binding.role] ?? []));
    for (const binding of all.bindings) {
      if (asked.kind === 'path' || asked.namespace !== binding.namespace || !binding.subjects.some(is)) continue;
      if (binding.kind === 'ClusterRole') rules.push(...(all.clusterRoles[binding.role] ?? []));
      else
        rules.push(
          ...(all.roles.find((role) => role.name === binding.role && role.namespace === binding.namespace)?.rules ??
            []),
        );
    }
    return rules.some((one) => allowedByRule(one, asked));
  }

  const objectsOf = (all: World): JsonObject[] => [
    ...Object.entries(all.clusterRoles).map(([role, rules]) => ({
      kind: 'ClusterRole',
      metadata: { name: role },
      rules,
    })),
    ...all.roles.map((role) => ({
      kind: 'Role',
      metadata: { name: role.name, namespace: role.namespace },
      rules: role.rules,
    })),
    ...all.clusterBindings.map((binding, index) => ({
      kind: 'ClusterRoleBinding',
      metadata: { name: `c${index}` },
      roleRef: { kind: 'ClusterRole', name: binding.role },
      subjects: binding.subjects,
    })),
    ...all.bindings.map((binding, index) => ({
      kind: 'RoleBinding',
      metadata: { name: `b${index}`, namespace: binding.namespace },
      roleRef: { kind: binding.kind, name: binding.role },
      subjects: binding.subjects,
    })),
  ];

  it('agrees on every request', () => {
    fc.assert(
      fc.property(world, user, request, (all, who, asked) => {
        expect(allows(objectsOf(all), who, asked)).toBe(oracle(all, who, asked));
      }),
      { numRuns: 3000 },
    );
  });
});
