/** Mistakes that only a process can make: probes that always say yes, counters that stand still, rights that are missing. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { JsonObject } from '@couchestor/sandbox/kube';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from '../../skips.ts';
import { Lab } from '../control-plane/lab.ts';
import { eventually, OperatorProcess } from '../control-plane/operator-process.ts';

const prometheus = requireTool('prometheus');
const NAMESPACE = 'couchestor-system';
const NAME = 'couchestor-operator';
const ACCOUNT = `system:serviceaccount:${NAMESPACE}:${NAME}`;
const RBAC = 'rbac.authorization.k8s.io';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What a run needs in the whole cluster. It changes nothing but the status of policies, its own migrations, and Events. */
const CLUSTER_RULES: readonly Rule[] = [
  { apiGroups: ['storage.billyronks.io'], resources: ['storagepolicies'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['storage.billyronks.io'], resources: ['storagepolicies/status'], verbs: ['update'] },
  {
    apiGroups: ['storage.billyronks.io'],
    resources: ['volumemigrations'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  { apiGroups: ['storage.billyronks.io'], resources: ['volumemigrations/status'], verbs: ['update'] },
  { apiGroups: [''], resources: ['persistentvolumes', 'persistentvolumeclaims', 'nodes'], verbs: ['list', 'watch'] },
  // By its uid a cluster is told from another one, or from itself after its objects were lost.
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  { apiGroups: ['openebs.io'], resources: ['diskpools'], verbs: ['list'] },
  // Their labels say which release of Mayastor it is.
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] },
  // Claims are in any namespace, and so are Events about them.
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];
/** And in the namespace of the operator. */
const NAMESPACE_RULES: readonly Rule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
];
/** Only where an Event is repeated, a migration is deleted, or one that ended long ago is forgotten. */
const RARE = [
  'patch events.k8s.io/events',
  'patch storage.billyronks.io/volumemigrations',
  'delete storage.billyronks.io/volumemigrations',
];
const GIB = 1024 ** 3;
const QUICK = ['--settle-time=1s', '--sync-poll-interval-seconds=1'];

const without = (resource: string): readonly Rule[] =>
  CLUSTER_RULES.map((rule) => ({ ...rule, resources: rule.resources.filter((name) => name !== resource) }));

/** `list openebs.io/diskpools`; the name of an object is left out. */
function described({ verb, path }: { verb: string; path: string }): string {
  const [, group = '', rest = ''] = /^\/apis?\/(?:v1|([^/]+)\/[^/]+)\/(.*)$/.exec(path) ?? [];
  const isNamespaced = /^namespaces\/[^/]+\/./.test(rest);
  const [resource = '', , subresource] = rest.split('/').slice(isNamespaced ? 2 : 0);
  return `${verb} ${group}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

prometheus.describe('the operator as a process', () => {
  let lab: Lab;
  let operators: OperatorProcess[] = [];
  const used = new Set<string>();

  beforeAll(async () => {
    lab = await Lab.start({ prometheus: prometheus.path, mayastor: { rebuildBytesPerSecond: 20 * GIB } });
    lab.holdMigrations();
    lab.volume('busy', 'pool-cold-1', { readOps: 3_000, writeOps: 1_000 });
    lab.applyPolicy('gold');
    const { faults } = lab.kube;
    const take = faults.take.bind(faults);
    faults.take = (request, ...kinds) => {
      if (request.user === ACCOUNT) used.add(described(request));
      return take(request, ...kinds);
    };
  }, 60_000);

  afterEach(async () => {
    lab.cluster.faults.clear();
    lab.prometheus?.thaw();
    for (const operator of operators) await operator.kill();
    operators = [];
    await lab.killOperators();
  });

  afterAll(() => lab?.stop());

  /** With the service account of the operator, which may do what the rules say and nothing else. */
  const operatorWith = async (rules: readonly Rule[]): Promise<OperatorProcess> => {
    const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }];
    const role = (kind: string, metadata: JsonObject, allowed: readonly Rule[]): JsonObject[] => [
      { apiVersion: `${RBAC}/v1`, kind, metadata, rules: allowed },
      {
        apiVersion: `${RBAC}/v1`,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: RBAC, kind, name: NAME },
        subjects,
      },
    ];
    lab.kube.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAMESPACE } },
      ...role('ClusterRole', { name: NAME }, rules),
      ...role('Role', { name: NAME, namespace: NAMESPACE }, NAMESPACE_RULES),
    ]);
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`];
    const kubeconfig = join(lab.folder, 'account');
    writeFileSync(kubeconfig, lab.kube.kubeconfig({ username: ACCOUNT, groups }));
    const others = lab.arguments().filter((argument) => !argument.startsWith('--kubeconfig='));
    const operator = await OperatorProcess.start([...others, ...QUICK, `--kubeconfig=${kubeconfig}`]);
    operators.push(operator);
    return operator;
  };
  const forbidden = (operator: OperatorProcess): string[] =>
    operator.lines.map((line) => JSON.stringify(line)).filter((line) => /forbidden|unauthorized|denied/i.test(line));
  const moving = () => (lab.policy('gold').status?.decisionCounts?.move === 1 ? true : undefined);

  it.each(['nodes', 'volumemigrations', 'storagepolicies'])(
    '10. A /readyz that always said yes: without the right to list %s it says what is missing',
    async (resource) => {
      const operator = await operatorWith(without(resource));
      const { status, body } = await eventually('readyz names it', async () => {
        const answer = await operator.get('probes', '/readyz');
        return answer.body.includes(resource) && /forbidden|may not/i.test(answer.body) ? answer : undefined;
      });
      expect({ status, body }).toMatchObject({ status: 503 });
      expect(await operator.get('probes', '/livez')).toMatchObject({ status: 200 });
      await eventually('the log says so', () => (forbidden(operator).length > 0 ? true : undefined));
    },
    60_000,
  );

  it('10. Rights that a run lacked: without DiskPools it says so, and goes on with the labels of the REST API', async () => {
    const operator = await operatorWith(without('diskpools'));
    await eventually('the log says so', () =>
      forbidden(operator).some((line) => line.includes('those of the REST API hold')) ? true : undefined,
    );
    await eventually('a round', async () =>
      ((await operator.metric('storage_operator_round_duration_seconds_count')) ?? 0) > 0 ? true : undefined,
    );
  }, 60_000);

  it('10. Counters that were never incremented: all of them move, and the gauges follow', async () => {
    const operator = await lab.operator();
    await eventually('a move', moving);
    const names = [
      'storage_operator_reconcile_total',
      'storage_operator_reconcile_duration_seconds_count',
      'storage_operator_round_duration_seconds_count',
      'storage_operator_heat_queries_total{result="success"}',
    ];
    const values = () => Promise.all(names.map((name) => operator.metric(name)));
    const before = await values();
    await eventually('each counter moves', async () => {
      const now = await values();
      return now.every((value, index) => (value ?? 0) > (before[index] ?? Infinity)) ? true : undefined;
    });
    const failures = 'storage_operator_heat_queries_total{result="failure"}';
    const failedBefore = (await operator.metric(failures)) ?? NaN;
    await lab.prometheus?.kill();
    await eventually('failures are counted', async () =>
      ((await operator.metric(failures)) ?? 0) > failedBefore ? true : undefined,
    );
    expect(await operator.metric('storage_operator_telemetry_healthy')).toBe(0);
    await lab.prometheus?.resume();

    lab.kube.faults.add({ match: { verb: 'update', path: /status$/ }, effect: { kind: 'status', code: 500 } });
    lab.applyPolicy('gold', { dryRun: true });
    await eventually('errors and retries are counted', async () => {
      const errors = (await operator.metric('storage_operator_reconcile_errors_total')) ?? 0;
      const retries = (await operator.metric('storage_operator_workqueue_retries_total')) ?? 0;
      return errors > 0 && retries > 0 ? true : undefined;
    });
    lab.kube.faults.clear();
    lab.holdMigrations();
    lab.applyPolicy('gold');
  }, 90_000);

  it('7. A hang that held up everything: probes, metrics and decisions answer while Mayastor and Prometheus do not', async () => {
    const operator = await lab.operator();
    await eventually('a move', moving);
    await eventually('a decision', async () =>
      (await operator.get('api', '/api/v1/decisions')).body.includes('Promote') ? true : undefined,
    );
    const hanging = lab.cluster.faults.add({ effect: { kind: 'hang' } });
    await lab.prometheus?.freeze();
    await eventually('a round hangs', () => (hanging.hits > 0 ? true : undefined));
    expect(await operator.get('probes', '/livez')).toMatchObject({ status: 200 });
    expect(await operator.get('probes', '/readyz')).toMatchObject({ body: expect.stringMatching(/storage/) });
    expect(await operator.metric('storage_operator_reconcile_total')).toBeGreaterThan(0);
    const { body } = await operator.get('api', '/api/v1/decisions');
    expect(JSON.parse(body)).toMatchObject({ items: [{ decision: { code: 'Promote' } }] });
  }, 60_000);

  it('10. Rights that a run lacked: these rules are enough, and each of them is needed', async () => {
    lab.kube.faults.clear();
    used.clear();
    const operator = await operatorWith(CLUSTER_RULES);
    await eventually(
      'a migration that has completed',
      () => lab.policy('gold').status?.totals?.succeeded === 1 || undefined,
    );
    expect(lab.cluster.violations).toEqual([]);
    await eventually('Events', () => (lab.events('PersistentVolumeClaim').length > 0 ? true : undefined));
    await eventually('the lead', async () =>
      (await operator.metric('storage_operator_leader')) === 1 ? true : undefined,
    );
    await eventually('every cache is ready', async () =>
      (await operator.get('probes', '/readyz')).body.startsWith('[+]') ? true : undefined,
    );
    expect(forbidden(operator)).toEqual([]);
    const allowed = [...CLUSTER_RULES, ...NAMESPACE_RULES].flatMap(({ apiGroups: [group = ''], resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    );
    expect([...used, ...RARE].sort()).toEqual(allowed.sort());
  }, 60_000);
});
