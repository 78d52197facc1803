import { describe, expect, it } from '@jest/globals';
import { ApiError } from '../api-error.ts';
import type { JsonObject, UserInfo } from '../types.ts';
import { checkEscalation } from './escalation.ts';
import { asStored, storedObjects } from './rbac.fixture.ts';
import { RBAC_GROUP, RbacAuthorizer } from './rbac.ts';

const bob: UserInfo = { username: 'bob', groups: ['dev', 'system:authenticated'] };
const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const everything = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

/** What becomes of a write by bob, who holds `held` in namespace n (or everywhere): ok, or the message of the refusal. */
function attempt(
  held: JsonObject[],
  write: JsonObject,
  options: { old?: JsonObject; everywhere?: boolean; user?: UserInfo } = {},
): string {
  const subjects = [{ kind: 'User', name: 'bob' }];
  const kind = options.everywhere === true ? 'ClusterRoleBinding' : 'RoleBinding';
  const authorizer = new RbacAuthorizer(
    storedObjects([
      { kind: 'ClusterRole', metadata: { name: 'held' }, rules: held },
      { kind: 'ClusterRole', metadata: { name: 'wide' }, rules: everything },
      {
        kind,
        metadata: { name: 'b', ...(options.everywhere === true ? {} : { namespace: 'n' }) },
        roleRef: { kind: 'ClusterRole', name: 'held' },
        subjects,
      },
    ]),
  );
  const object = asStored(write);
  const old = options.old === undefined ? undefined : asStored(options.old);
  const resource = `${object.kind.toLowerCase()}s`;
  try {
    checkEscalation({ user: options.user ?? bob, resource, object, old }, authorizer);
    return 'ok';
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const role = (...rules: JsonObject[]): JsonObject => ({ kind: 'Role', metadata: { name: 'x', namespace: 'n' }, rules });
const binding = (to: string): JsonObject => ({
  kind: 'RoleBinding',
  metadata: { name: 'x', namespace: 'n' },
  roleRef: { kind: 'ClusterRole', name: to },
  subjects: [],
});

describe('checkEscalation', () => {
  it('lets a user give what they hold, or part of it', () => {
    expect(attempt([pods], role(pods))).toBe('ok');
    expect(attempt([pods], role({ ...pods, verbs: ['get'], resourceNames: ['z'] }))).toBe('ok');
    expect(attempt([{ ...pods, resources: ['*'] }], role({ ...pods, resources: ['pods/log', 'secrets'] }))).toBe('ok');
    expect(attempt([{ ...pods, resourceNames: ['z'] }], role(pods))).toMatch(/^403/);
  });

  it('names what is missing, in the words of a real server', () => {
    const held = [{ apiGroups: [RBAC_GROUP], resources: ['clusterroles'], verbs: ['create', 'update'] }];
    const wanted = {
      kind: 'ClusterRole',
      metadata: { name: 'p5nr' },
      rules: [
        { nonResourceURLs: ['/x', '/metrics'], verbs: ['get', 'post'] },
        {
          apiGroups: [RBAC_GROUP],
          resources: ['clusterroles'],
          verbs: ['create', 'delete'],
          resourceNames: ['a', 'b'],
        },
        pods,
      ],
    };
    expect(attempt(held, wanted, { everywhere: true })).toBe(
      [
        '403 clusterroles.rbac.authorization.k8s.io "p5nr" is forbidden: user "bob" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
        '{APIGroups:["rbac.authorization.k8s.io"], Resources:["clusterroles"], ResourceNames:["a"], Verbs:["delete"]}',
        '{APIGroups:["rbac.authorization.k8s.io"], Resources:["clusterroles"], ResourceNames:["b"], Verbs:["delete"]}',
        '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
        '{NonResourceURLs:["/metrics"], Verbs:["post"]}',
        '{NonResourceURLs:["/x"], Verbs:["get"]}',
        '{NonResourceURLs:["/x"], Verbs:["post"]}',
      ].join('\n'),
    );
  });

  it('counts only what is held where the role is', () => {
    const clusterRole = { kind: 'ClusterRole', metadata: { name: 'x' }, rules: [pods] };
    expect(attempt([pods], clusterRole)).toMatch(/^403/);
    expect(attempt([pods], clusterRole, { everywhere: true })).toBe('ok');
  });

  it('needs all rights for an aggregation rule', () => {
    const aggregate = {
      kind: 'ClusterRole',
      metadata: { name: 'x' },
      aggregationRule: { clusterRoleSelectors: [] },
      rules: [],
    };
    expect(attempt([pods], aggregate, { everywhere: true })).toBe(
      '403 clusterroles.rbac.authorization.k8s.io "x" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    );
    expect(attempt(everything, aggregate, { everywhere: true })).toBe('ok');
  });

  it('allows more to whoever may escalate', () => {
    const escalate = { apiGroups: [RBAC_GROUP], resources: ['roles'], verbs: ['escalate'] };
    expect(attempt([], role(pods))).toMatch(/^403/);
    expect(attempt([escalate], role(pods))).toBe('ok');
    const named = { ...escalate, resourceNames: ['x'] };
    expect(attempt([named], role(pods), { old: role() })).toBe('ok');
    expect(attempt([named], role(pods))).toMatch(/^403/);
    expect(attempt([], role(pods), { user: { username: 'root', groups: ['system:masters'] } })).toBe('ok');
  });

  it('does not mind updates that leave the rules alone', () => {
    expect(
      attempt([], { ...role(pods), metadata: { name: 'x', namespace: 'n', labels: { a: 'b' } } }, { old: role(pods) }),
    ).toBe('ok');
    expect(attempt([], role(pods), { old: role({ ...pods, verbs: ['get'] }) })).toMatch(/^403/);
    expect(attempt([], binding('wide'), { old: binding('wide') })).toBe('ok');
  });

  it('lets a user bind roles they hold, or may bind', () => {
    expect(attempt([pods], binding('held'))).toBe('ok');
    expect(attempt([pods], binding('wide'))).toMatch(
      /^403 rolebindings.rbac.authorization.k8s.io "x" is forbidden: user "bob"/,
    );
    const bind = { apiGroups: [RBAC_GROUP], resources: ['clusterroles'], verbs: ['bind'], resourceNames: ['wide'] };
    expect(attempt([bind], binding('wide'))).toBe('ok');
    expect(attempt([pods], binding('nope'))).toBe('404 clusterroles.rbac.authorization.k8s.io "nope" not found');
  });
});
