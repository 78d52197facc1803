/** The operator on a cluster with a real Prometheus: what it decides, where it shows it, and what it survives. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { requireTool } from '../../skips.ts';
import { Lab } from './lab.ts';
import { eventually, type OperatorProcess } from './operator-process.ts';

const prometheus = requireTool('prometheus');

prometheus.describe('couchestor-operator', () => {
  let lab: Lab;
  let busy = '';
  let idle = '';

  beforeAll(async () => {
    lab = await Lab.start({ prometheus: prometheus.path });
    lab.holdMigrations();
    busy = lab.volume('busy', 'pool-cold-1', { readOps: 3_000, writeOps: 1_000 });
    idle = lab.volume('idle', 'pool-hot-2', { readOps: 1, writeOps: 1 });
    lab.applyPolicy('gold');
  }, 60_000);

  afterEach(async () => {
    await lab.killOperators();
    // Whatever a test took down is up for the next, also when it failed.
    await lab.resumeMayastor();
    await lab.resumePrometheus();
  });
  afterAll(() => lab.stop());

  const counted = (outcome: string, count: number, policy = 'gold') =>
    eventually(`${count} volumes of ${policy} ${outcome}`, () => {
      const { decisionCounts } = lab.policy(policy).status ?? {};
      return decisionCounts?.[outcome] === count ? decisionCounts : undefined;
    });
  const condition = (type: string, status: string) =>
    eventually(`${type}=${status}`, () => (lab.condition('gold', type)?.status === status ? true : undefined));
  const ready = (operator: OperatorProcess, status: number) =>
    eventually(`readyz ${status}`, async () => {
      const answer = await operator.get('probes', '/readyz');
      if (answer.status === status) return answer.body;
      throw new Error(answer.body);
    });
  /** What the API says of a volume, once it has been decided about with these flags. */
  const decisionWith = async (args: readonly string[], env: NodeJS.ProcessEnv = {}, volume = busy) => {
    const operator = await lab.operator(args, env);
    return eventually('a decision on known heat', async () => {
      const { status, body } = await operator.get('api', `/api/v1/decisions/${volume}`);
      if (status !== 200) return undefined;
      const { decision } = JSON.parse(body) as { decision: Record<string, unknown> };
      return decision.code === 'HeatUnknown' || decision.code === 'LowCoverage' ? undefined : decision;
    });
  };

  it('decides about every volume of a policy, and shows it everywhere', async () => {
    const operator = await lab.operator();
    await counted('move', 2);
    expect(lab.decision('gold', busy)).toMatchObject({ outcome: 'Move', code: 'Promote', from: 'Cold', to: 'Hot' });
    expect(lab.decision('gold', idle)).toMatchObject({ outcome: 'Move', code: 'Demote', from: 'Hot', to: 'Cold' });
    await condition('TelemetryHealthy', 'True');
    await condition('StorageHealthy', 'True');
    const text = await operator.get('api', `/api/v1/decisions/${busy}`, { accept: 'text/plain' });
    expect(text).toMatchObject({ status: 200, body: expect.stringMatching(/hot/i) });
    expect(await operator.metric('storage_operator_decisions{policy="gold",outcome="Move",code="Promote"}')).toBe(1);
    expect(await operator.metric('storage_operator_telemetry_healthy')).toBe(1);
    expect(await operator.metric('storage_operator_reconcile_total')).toBeGreaterThan(0);
    await ready(operator, 200);
    await eventually('Events on the policy and on both claims', () =>
      lab.events('StoragePolicy').length > 0 && lab.events('PersistentVolumeClaim').length > 1 ? true : undefined,
    );
    expect(operator.lines).toContainEqual(
      expect.objectContaining({ volumeId: busy, tierFrom: 'Cold', tierTo: 'Hot', policy: 'gold' }),
    );
    expect(lab.cluster.violations).toEqual([]);
  }, 60_000);

  it('moves nothing while Prometheus is down, and decides again when it is back', async () => {
    const operator = await lab.operator();
    await ready(operator, 200);
    await counted('move', 2);
    await lab.stopPrometheus();
    await condition('TelemetryHealthy', 'False');
    await counted('move', 0);
    expect(lab.decision('gold', busy)).toMatchObject({ outcome: 'Stay', code: 'HeatUnknown' });
    expect(await ready(operator, 503)).toMatch(/^\[-\]prometheus: \w+: /m);
    expect(await operator.metric('storage_operator_telemetry_healthy')).toBe(0);
    await lab.resumePrometheus();
    await condition('TelemetryHealthy', 'True');
    await counted('move', 2);
    await ready(operator, 200);
  }, 90_000);

  it('decides nothing while Mayastor is down, and says so', async () => {
    const operator = await lab.operator();
    // Its own first round; what stands in the status may be a predecessor's.
    await ready(operator, 200);
    await lab.stopMayastor();
    await condition('StorageHealthy', 'False');
    expect(await ready(operator, 503)).toMatch(/^\[-\]storage: \w+: /m);
    expect(await operator.get('probes', '/livez')).toMatchObject({ status: 200 });
    const { body } = await operator.get('api', '/api/v1/decisions');
    expect(JSON.parse(body)).toMatchObject({ round: { fresh: false, staleReason: expect.stringMatching(/\w/) } });
    await lab.resumeMayastor();
    await condition('StorageHealthy', 'True');
    await ready(operator, 200);
  }, 90_000);

  it('loses nothing to kill -9: totals, history, since when a decision stands, and repeats no Event', async () => {
    const totals = { succeeded: 7, failed: 1, aborted: 0, cancelled: 0 };
    const completionTime = '2026-01-01T00:00:00Z';
    const record = { migration: 'm', volumeId: 'gone', from: 'Hot', to: 'Cold', outcome: 'Completed', completionTime };
    await lab.patchStatus('gold', { totals, history: [record] });
    const first = await lab.operator();
    await ready(first, 200);
    await counted('move', 2);
    const since = lab.decision('gold', busy)?.since;
    const events = lab.events('PersistentVolumeClaim').length;
    await first.kill();
    const second = await lab.operator();
    await ready(second, 200);
    await eventually('the new one leads', async () =>
      (await second.metric('storage_operator_leader')) === 1 ? true : undefined,
    );
    await eventually('it reconciles', async () =>
      ((await second.metric('storage_operator_reconcile_total')) ?? 0) > 1 ? true : undefined,
    );
    expect(lab.policy('gold').status).toMatchObject({ totals, history: [record] });
    expect(lab.decision('gold', busy)).toMatchObject({ outcome: 'Move', since });
    expect(lab.events('PersistentVolumeClaim').length).toBe(events);
  }, 90_000);

  it('takes over from a leader that was killed; until then it only watches', async () => {
    const leader = await lab.operator();
    await eventually('a leader', async () =>
      (await leader.metric('storage_operator_leader')) === 1 ? true : undefined,
    );
    const follower = await lab.operator();
    await ready(follower, 200);
    expect(await follower.metric('storage_operator_leader')).toBe(0);
    expect(await follower.metric('storage_operator_reconcile_total')).toBe(0);
    expect(await follower.get('api', `/api/v1/decisions/${busy}`)).toMatchObject({ status: 200 });
    await leader.kill();
    await eventually('the follower leads', async () =>
      (await follower.metric('storage_operator_leader')) === 1 ? true : undefined,
    );
    await eventually('the follower reconciles', async () =>
      (await follower.metric('storage_operator_reconcile_total')) === 0 ? undefined : true,
    );
  }, 90_000);

  it('makes no Event about a policy that is a dry run', async () => {
    lab.applyPolicy('gold', { enabled: false });
    lab.applyPolicy('rehearsal', { dryRun: true });
    await lab.operator();
    await counted('move', 2, 'rehearsal');
    expect(lab.decision('rehearsal', busy)).toMatchObject({ outcome: 'Move', dryRun: true });
    expect(lab.events('StoragePolicy').filter(({ involvedObject }) => involvedObject.name === 'rehearsal')).toEqual([]);
    lab.remove('rehearsal');
    lab.applyPolicy('gold', { enabled: true });
  }, 60_000);

  // observes: --max-concurrent-migrations, MAX_CONCURRENT_MIGRATIONS
  it('plans no more moves at once than the operator allows', async () => {
    const limited = await lab.operator(['--max-concurrent-migrations=1']);
    await counted('move', 1);
    await counted('wait', 1);
    await limited.kill();
    await lab.operator([], { MAX_CONCURRENT_MIGRATIONS: '2' });
    await counted('move', 2);
  }, 60_000);

  // observes: --max-migrations-per-hour
  it('plans no more moves within an hour than the operator allows', async () => {
    const limited = await lab.operator(['--max-migrations-per-hour=1']);
    await counted('move', 1);
    await counted('wait', 1);
    await limited.kill();
    await lab.operator(['--max-migrations-per-hour=2']);
    await counted('move', 2);
  }, 60_000);

  it('decides again soon after a claim is annotated, however long the interval is', async () => {
    const code = (expected: string) =>
      eventually(`${expected} in the status`, () => (lab.decision('gold', busy)?.code === expected ? true : undefined));
    expect(await decisionWith(['--reconcile-interval=1h'])).toMatchObject({ code: 'Promote' });
    await code('Promote');
    await lab.annotate('busy', { 'storage.billyronks.io/opt-out': 'true' });
    await code('OptedOut');
    await lab.annotate('busy', { 'storage.billyronks.io/opt-out': null });
    await code('Promote');
  }, 60_000);

  // observes: --dry-run, DRY_RUN, --preservation-mode, PRESERVATION_MODE
  it('takes every policy for a dry run, and for one that preserves, when the operator is told so', async () => {
    expect(await decisionWith([])).toMatchObject({ dryRun: false, preservationMode: false });
    expect(await decisionWith(['--dry-run'])).toMatchObject({ dryRun: true, preservationMode: false });
    expect(await decisionWith([], { DRY_RUN: 'true' })).toMatchObject({ dryRun: true });
    expect(await decisionWith(['--preservation-mode'])).toMatchObject({ dryRun: false, preservationMode: true });
    expect(await decisionWith([], { PRESERVATION_MODE: 'true' })).toMatchObject({ preservationMode: true });
  }, 90_000);

  // observes: --pool-reserve
  it('leaves as much of a pool free as it is told', async () => {
    expect(await decisionWith(['--pool-reserve=50'])).toMatchObject({ outcome: 'Move' });
    expect(await decisionWith(['--pool-reserve=90'])).toMatchObject({ outcome: 'Blocked', code: 'NoPool' });
  }, 60_000);
});
