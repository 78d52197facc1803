import { beforeEach, describe, expect, it } from '@jest/globals';
import { decisionFixture, READY, reportFixture } from '../../model/decision.fixture.ts';
import { OTHER_POLICIES, PromClientMetrics } from './prom-client-metrics.ts';

let metrics: PromClientMetrics;

beforeEach(() => {
  metrics = new PromClientMetrics('1.2.3');
});

/** Every sample by its name and labels, without those of one family's buckets. */
async function scrape(): Promise<Record<string, number>> {
  const lines = (await metrics.expose()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines
      .filter((line) => !line.includes('_bucket'))
      .map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])]),
  );
}
const seriesOf = async (name: string): Promise<Record<string, number>> =>
  Object.fromEntries(Object.entries(await scrape()).filter(([key]) => key.startsWith(`storage_operator_${name}{`)));

describe('PromClientMetrics', () => {
  it('counts reconciliations, and among them those that failed', async () => {
    metrics.reconciled(200, 'success');
    metrics.reconciled(300, 'failure');
    expect(await scrape()).toMatchObject({
      storage_operator_reconcile_total: 2,
      storage_operator_reconcile_errors_total: 1,
      storage_operator_reconcile_duration_seconds_count: 2,
      storage_operator_reconcile_duration_seconds_sum: 0.5,
    });
  });

  it('shows the decisions and placements of the last round, and no series of a policy that is gone', async () => {
    const silver = { name: 'silver', uid: 'u', generation: 1 };
    const decisions = [
      decisionFixture('a', 'Demote'),
      decisionFixture('b', 'Demote', { placement: 'Mixed' }),
      decisionFixture('c', 'AtTarget', { policy: silver, placement: 'Cold' }),
    ];
    metrics.planned(reportFixture({ decisions, policyNames: ['gold', 'silver'] }));
    expect(await seriesOf('decisions')).toEqual({
      'storage_operator_decisions{policy="gold",outcome="Move",code="Demote"}': 2,
      'storage_operator_decisions{policy="silver",outcome="Stay",code="AtTarget"}': 1,
    });
    expect(await seriesOf('volumes')).toEqual({
      'storage_operator_volumes{policy="gold",placement="Hot"}': 1,
      'storage_operator_volumes{policy="gold",placement="Mixed"}': 1,
      'storage_operator_volumes{policy="silver",placement="Cold"}': 1,
    });
    metrics.planned(reportFixture({ decisions: decisions.slice(2), policyNames: ['silver'] }));
    expect(Object.keys(await seriesOf('decisions'))).toHaveLength(1);
    metrics.planned(reportFixture({ decisions: undefined }));
    expect(await seriesOf('decisions')).toEqual({});
  });

  it('tells a bounded number of policies apart', async () => {
    const names = Array.from({ length: 1_002 }, (_, index) => `policy-${String(index).padStart(4, '0')}`);
    const decisions = names.map((name) =>
      decisionFixture(name, 'Demote', { policy: { name, uid: name, generation: 1 } }),
    );
    metrics.planned(reportFixture({ decisions, policyNames: names }));
    const series = await seriesOf('volumes');
    expect(Object.keys(series)).toHaveLength(1_001);
    expect(series[`storage_operator_volumes{policy="${OTHER_POLICIES}",placement="Hot"}`]).toBe(2);
  });

  it('shows rounds, their dependencies and active migrations', async () => {
    const down = { healthy: false, reason: 'Timeout', message: 'x' };
    metrics.planned(
      reportFixture({
        durationMs: 1_500,
        extraReplicaCount: 2,
        activeMigrations: new Map([
          ['gold', 2],
          ['silver', 1],
        ]),
      }),
    );
    expect(await scrape()).toMatchObject({
      storage_operator_telemetry_healthy: 1,
      storage_operator_storage_healthy: 1,
      storage_operator_active_migrations: 3,
      storage_operator_extra_replicas: 2,
      storage_operator_round_duration_seconds_sum: 1.5,
    });
    metrics.planned(reportFixture({ telemetry: down, storage: down, kubernetes: down }));
    expect(await scrape()).toMatchObject({
      storage_operator_telemetry_healthy: 0,
      storage_operator_storage_healthy: 0,
      storage_operator_active_migrations: 3,
      storage_operator_extra_replicas: 2,
    });
    metrics.planned(reportFixture({ telemetry: down, storage: READY }));
    expect(await scrape()).toMatchObject({
      storage_operator_telemetry_healthy: 0,
      storage_operator_storage_healthy: 1,
      storage_operator_active_migrations: 0,
      storage_operator_extra_replicas: 0,
      storage_operator_round_duration_seconds_count: 3,
    });
  });

  it('counts readings of heat by their result', async () => {
    expect(await seriesOf('heat_queries_total')).toEqual({
      'storage_operator_heat_queries_total{result="success"}': 0,
      'storage_operator_heat_queries_total{result="failure"}': 0,
    });
    metrics.heatQueried('failure');
    expect(await scrape()).toMatchObject({ 'storage_operator_heat_queries_total{result="failure"}': 1 });
  });

  it('counts migrations that ended by how they did, and how long those took that began', async () => {
    const statuses = ['completed', 'aborted', 'failed', 'cancelled'];
    const totals = (...counts: number[]): Record<string, number> =>
      Object.fromEntries(
        statuses.map((status, index) => [`storage_operator_migrations_total{status="${status}"}`, counts[index] ?? 0]),
      );
    expect(await seriesOf('migrations_total')).toEqual(totals());
    metrics.migrationEnded('Completed', 90_000);
    metrics.migrationEnded('Completed', 30_000);
    metrics.migrationEnded('Aborted', 60_000);
    metrics.migrationEnded('Failed', undefined);
    metrics.migrationEnded('Cancelled', undefined);
    expect(await seriesOf('migrations_total')).toEqual(totals(2, 1, 1, 1));
    expect(await scrape()).toMatchObject({
      storage_operator_migration_duration_seconds_count: 3,
      storage_operator_migration_duration_seconds_sum: 180,
    });
  });

  it('counts migrations that were created and that could not be', async () => {
    const series = (success: number, failure: number): Record<string, number> => ({
      'storage_operator_migration_creations_total{result="success"}': success,
      'storage_operator_migration_creations_total{result="failure"}': failure,
    });
    expect(await seriesOf('migration_creations_total')).toEqual(series(0, 0));
    metrics.migrationCreated('success');
    metrics.migrationCreated('failure');
    metrics.migrationCreated('failure');
    expect(await seriesOf('migration_creations_total')).toEqual(series(1, 2));
  });

  it('looks leadership, queue and caches up when it is scraped', async () => {
    let isLeader = false;
    let count = 2;
    let state = 'synced';
    metrics.observe({
      isLeader: () => isLeader,
      queue: () => ({ count, delayedCount: 5, retryCount: count + 1 }),
      caches: () => [{ resource: 'nodes', state, ready: state === 'synced', objectCount: 4 }],
      droppedEvents: () => count + 2,
    });
    expect(await scrape()).toMatchObject({
      storage_operator_leader: 0,
      storage_operator_workqueue_depth: 2,
      storage_operator_workqueue_delayed: 5,
      storage_operator_workqueue_retries_total: 3,
      storage_operator_events_dropped_total: 4,
      'storage_operator_informer_state{resource="nodes",state="synced"}': 1,
      'storage_operator_informer_ready{resource="nodes"}': 1,
      'storage_operator_informer_objects{resource="nodes"}': 4,
      'storage_operator_build_info{version="1.2.3"}': 1,
    });
    isLeader = true;
    count = 7;
    state = 'suspect';
    expect(await scrape()).toMatchObject({
      storage_operator_leader: 1,
      storage_operator_workqueue_depth: 7,
      storage_operator_workqueue_retries_total: 8,
      storage_operator_events_dropped_total: 9,
      'storage_operator_informer_state{resource="nodes",state="synced"}': 0,
      'storage_operator_informer_state{resource="nodes",state="suspect"}': 1,
      'storage_operator_informer_ready{resource="nodes"}': 0,
    });
  });
});
