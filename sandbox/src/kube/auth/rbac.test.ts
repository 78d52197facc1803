import { describe, expect, it } from '@jest/globals';
import type { JsonObject, RequestAttributes, UserInfo } from '../types.ts';
import { bootstrapObjects } from './bootstrap-roles.ts';
import { forbiddenError, RbacAuthorizer } from './rbac.ts';
import { resourceRequest, storedObjects } from './rbac.fixture.ts';

const bob: UserInfo = { username: 'bob', groups: ['dev', 'system:authenticated'] };
const allows = (objects: readonly JsonObject[], user: UserInfo, request: RequestAttributes): boolean =>
  new RbacAuthorizer(storedObjects(objects)).authorize(user, request).allowed;

/** A ClusterRole with one rule, bound to bob everywhere. */
const granted = (rule: JsonObject): JsonObject[] => [
  { kind: 'ClusterRole', metadata: { name: 'r' }, rules: [rule] },
  {
    kind: 'ClusterRoleBinding',
    metadata: { name: 'b' },
    roleRef: { kind: 'ClusterRole', name: 'r' },
    subjects: [{ kind: 'User', name: 'bob' }],
  },
];
const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'create'] };

describe('RbacAuthorizer', () => {
  it('allows nothing without a binding, and everything to system:masters', () => {
    expect(new RbacAuthorizer(storedObjects([])).authorize(bob, resourceRequest())).toEqual({
      allowed: false,
      reason: '',
    });
    expect(allows([], { username: 'x', groups: ['system:masters'] }, resourceRequest({ verb: 'anything' }))).toBe(true);
  });

  it.each([
    [pods, { verb: 'get' }, true],
    [pods, { verb: 'delete' }, false],
    [pods, { group: 'apps' }, false],
    [pods, { subresource: 'log' }, false],
    [{ ...pods, resources: ['pods/log'] }, { subresource: 'log' }, true],
    [{ ...pods, resources: ['pods/log'] }, {}, false],
    [{ ...pods, resources: ['*/scale'] }, { subresource: 'scale' }, true],
    [{ ...pods, resources: ['*/scale'] }, { subresource: 'status' }, false],
    [{ ...pods, resources: ['*/scale'] }, {}, false],
    [{ ...pods, resources: ['*'] }, { subresource: 'log' }, true],
    [{ ...pods, apiGroups: ['*'] }, { group: 'apps' }, true],
    [{ ...pods, verbs: ['*'] }, { verb: 'escalate' }, true],
    [{ ...pods, resourceNames: ['p'] }, { name: 'p' }, true],
    [{ ...pods, resourceNames: ['p'] }, { name: 'q' }, false],
    // Neither create nor list names an object, unless a field selector does.
    [{ ...pods, resourceNames: ['p'] }, { verb: 'create', name: '' }, false],
    [{ ...pods, resourceNames: ['p'] }, { verb: 'list', name: '' }, false],
    [{ ...pods, resourceNames: ['p'] }, { verb: 'list', name: 'p' }, true],
    [{}, {}, false],
    [{ apiGroups: 'x', resources: null, verbs: [1] }, {}, false],
  ])('%j on %j is %p', (rule, request, expected) => {
    expect(allows(granted(rule), bob, resourceRequest(request))).toBe(expected);
  });

  it.each([
    ['/version', '/version', true],
    ['/version', '/version/', false],
    ['/api/*', '/api/v1', true],
    ['/api/*', '/api', false],
    ['*', '/metrics', true],
    ['/healthz*', '/healthz/etcd', true],
  ])('path rule %s on %s is %p', (pattern, path, expected) => {
    const objects = granted({ nonResourceURLs: [pattern], verbs: ['get'] });
    expect(allows(objects, bob, { kind: 'path', verb: 'get', path })).toBe(expected);
    expect(allows(objects, bob, { kind: 'path', verb: 'post', path })).toBe(false);
  });

  it('tells which binding it was', () => {
    const role = { kind: 'Role', metadata: { name: 'r', namespace: 'p5' }, rules: [pods] };
    const binding = (name: string, subject: JsonObject): JsonObject => ({
      kind: 'RoleBinding',
      metadata: { name, namespace: 'p5' },
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [subject],
    });
    const reason = (objects: JsonObject[], user: UserInfo, request: Parameters<typeof resourceRequest>[0]): string =>
      new RbacAuthorizer(storedObjects(objects)).authorize(user, resourceRequest({ namespace: 'p5', ...request }))
        .reason;
    expect(reason([role, binding('rb', { kind: 'User', name: 'bob' })], bob, {})).toBe(
      'RBAC: allowed by RoleBinding "rb/p5"',
    );
    const robot = { username: 'system:serviceaccount:p5:sb', groups: [] };
    expect(reason([role, binding('rbsa', { kind: 'ServiceAccount', name: 'sb' })], robot, {})).toBe(
      'RBAC: allowed by RoleBinding "rbsa/p5"',
    );
  });

  it('allows nothing by a binding whose role is gone', () => {
    const dangling = {
      kind: 'RoleBinding',
      metadata: { name: 'm', namespace: 'n' },
      roleRef: { kind: 'Role', name: 'nope' },
      subjects: [{ kind: 'Group', name: 'dev' }],
    };
    expect(allows([dangling], bob, resourceRequest())).toBe(false);
  });

  it('formats refusals as a real server does', () => {
    expect(forbiddenError(bob, resourceRequest({ namespace: 'p5', name: 'x', subresource: 'log' }))).toMatchObject({
      code: 403,
      message: `pods "x" is forbidden: User "bob" cannot get resource "pods/log" in API group "" in the namespace "p5"`,
      details: { name: 'x', kind: 'pods' },
    });
    expect(
      forbiddenError(bob, resourceRequest({ verb: 'list', resource: 'nodes', namespace: '', name: '' })).message,
    ).toBe('nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope');
    expect(forbiddenError(bob, { kind: 'path', verb: 'get', path: '/metrics' }).message).toBe(
      'forbidden: User "bob" cannot get path "/metrics"',
    );
  });

  it('puts ClusterRoles together from those their selectors choose, cycles included', () => {
    const aggregate = (name: string, selector: JsonObject, labels: JsonObject = {}): JsonObject => ({
      kind: 'ClusterRole',
      metadata: { name, labels },
      aggregationRule: { clusterRoleSelectors: [selector] },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    });
    const part = { kind: 'ClusterRole', metadata: { name: 'part', labels: { into: 'inner' } }, rules: [pods] };
    const objects = [
      aggregate('outer', { matchLabels: { into: 'outer' } }, { into: 'inner' }),
      aggregate('inner', { matchExpressions: [{ key: 'into', operator: 'In', values: ['inner'] }] }, { into: 'outer' }),
      part,
      {
        kind: 'ClusterRoleBinding',
        metadata: { name: 'b' },
        roleRef: { kind: 'ClusterRole', name: 'outer' },
        subjects: [{ kind: 'User', name: 'bob' }],
      },
    ];
    expect(allows(objects, bob, resourceRequest())).toBe(true);
    expect(allows(objects, bob, resourceRequest({ verb: 'delete' }))).toBe(false);
  });
});

describe('bootstrap roles', () => {
  const asGroup = (role: string, request: RequestAttributes): boolean => {
    const binding = {
      kind: 'RoleBinding',
      metadata: { name: 'b', namespace: 'n' },
      roleRef: { kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'User', name: 'bob' }],
    };
    return allows([...bootstrapObjects(), binding], bob, request);
  };

  it('let everybody read the version, and the authenticated discover and ask about themselves', () => {
    const anonymous = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
    const may = (user: UserInfo, request: RequestAttributes): boolean => allows(bootstrapObjects(), user, request);
    expect(may(anonymous, { kind: 'path', verb: 'get', path: '/version' })).toBe(true);
    expect(may(anonymous, { kind: 'path', verb: 'get', path: '/apis' })).toBe(false);
    expect(may(bob, { kind: 'path', verb: 'get', path: '/apis/apps/v1' })).toBe(true);
    const question = {
      verb: 'create',
      group: 'authorization.k8s.io',
      resource: 'selfsubjectaccessreviews',
      namespace: '',
    };
    expect(may(bob, resourceRequest(question))).toBe(true);
    expect(may(anonymous, resourceRequest(question))).toBe(false);
    expect(may(bob, resourceRequest())).toBe(false);
  });

  it('give view, edit and admin what their names say, in one namespace', () => {
    const secrets = { resource: 'secrets' };
    const roles = { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'roles' };
    const rights = (role: string): boolean[] =>
      [{ verb: 'list' }, { verb: 'delete' }, secrets, roles, { verb: 'list', namespace: 'other' }].map((request) =>
        asGroup(role, resourceRequest(request)),
      );
    expect(rights('view')).toEqual([true, false, false, false, false]);
    expect(rights('edit')).toEqual([true, true, true, false, false]);
    expect(rights('admin')).toEqual([true, true, true, true, false]);
    expect(rights('cluster-admin')).toEqual([true, true, true, true, false]);
  });
});
