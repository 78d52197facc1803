import { expect, it } from '@jest/globals';
import type { InformerHealth } from '../adapters/kubernetes/index.ts';
import { READY, reportFixture } from '../model/decision.fixture.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import { HealthMonitor } from './health-monitor.ts';

const ready: InformerHealth = {
  state: 'synced',
  ready: true,
  message: '',
  objectCount: 3,
  contactAgeMs: 1,
  suspicion: undefined,
  lossTimeMs: undefined,
  failure: undefined,
  counts: { listsTaken: 1, listsRefused: 0, failures: 0, outOfOrderEvents: 0 },
};
let cache: InformerHealth = ready;
let latest: PlanningReport | undefined;
let problems: string[] = [];
const monitor = new HealthMonitor(
  { problems: () => problems },
  [{ resource: 'nodes', informer: { health: () => cache } }],
  {
    get latest() {
      return latest;
    },
  },
);

it('knows nothing of storage and telemetry before the first round', () => {
  expect(monitor.check()).toMatchObject({
    health: 'Degraded',
    dependencies: [
      { name: 'kubernetes/nodes', healthy: true },
      { name: 'storage', healthy: false, reason: 'NotChecked' },
      { name: 'prometheus', healthy: false, reason: 'NotChecked' },
    ],
  });
});

it('is what the last round found, the caches now, and the vitals', () => {
  latest = reportFixture({ storage: { healthy: false, reason: 'Timeout', message: 'x' }, telemetry: READY });
  expect(monitor.check().dependencies.map(({ reason }) => reason)).toEqual(['Ready', 'Timeout', 'Ready']);
  latest = reportFixture();
  expect(monitor.check().health).toBe('Healthy');
  problems = ['stuck'];
  expect(monitor.check().health).toBe('Unhealthy');
  problems = [];
});

it('names a cache that may not be relied on, with its state', () => {
  cache = { ...ready, state: 'suspect', ready: false, message: 'A list is suspect.' };
  expect(monitor.check().dependencies[0]).toEqual({
    name: 'kubernetes/nodes',
    healthy: false,
    reason: 'Suspect',
    message: 'A list is suspect.',
  });
  expect(monitor.cacheStates()).toEqual([{ resource: 'nodes', state: 'suspect', ready: false, objectCount: 3 }]);
  cache = { ...ready, ready: false, message: 'Nothing was heard for 400 s.' };
  expect(monitor.check().dependencies[0]).toMatchObject({ reason: 'OutOfDate' });
  cache = ready;
});
