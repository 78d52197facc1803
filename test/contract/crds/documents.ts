/** Documents with every field of the API set, which tests change at one place and look at what happens. */
import { clone, type Json } from './definitions.ts';

const time = '2026-02-17T09:30:00Z';
const selector = (tier: string): Json => ({
  matchLabels: { tier },
  matchExpressions: [
    { key: 'storage.example.com/class', operator: 'In', values: ['a', 'b'] },
    { key: 'retired', operator: 'DoesNotExist' },
  ],
});
const condition = {
  type: 'Accepted',
  status: 'True',
  observedGeneration: 2,
  lastTransitionTime: time,
  reason: 'Valid',
  message: 'The policy is valid.',
};
const replica = { replicaId: 'r-2', pool: 'pool-b', node: 'node-b' };

const policySpec = {
  highWatermarkIOPS: 5000,
  lowWatermarkIOPS: 500,
  warmWatermarkIOPS: 2000,
  samplingWindow: '1h30m',
  cooldownPeriod: '24h',
  minimumCoverage: '80%',
  storageClassName: 'mayastor',
  volumeSelector: selector('any'),
  warmPoolSelector: selector('warm'),
  maxConcurrentMigrations: 2,
  migrationTimeout: '30m',
  enabled: true,
  dryRun: false,
  preservationMode: false,
  approval: 'Manual',
  maintenanceWindows: [{ schedule: '0 22 * * SAT', duration: '4h', timeZone: 'Europe/Berlin' }],
  ecPolicyRef: 'archive',
  ecMinVolumeSizeBytes: 1024,
};

const policyStatus = {
  observedGeneration: 2,
  lastReconcileTime: time,
  volumes: { watched: 9, hot: 3, warm: 2, cold: 2, mixed: 1, unassigned: 1, unknownHeat: 4 },
  activeMigrations: 1,
  awaitingApproval: 1,
  totals: { succeeded: 5, failed: 1, aborted: 1, cancelled: 1 },
  history: [
    {
      migration: 'typical-v-1',
      volumeId: 'v-1',
      from: 'Hot',
      to: 'Cold',
      outcome: 'Completed',
      heatIOPS: 12.5,
      startTime: time,
      completionTime: time,
      message: 'Moved.',
    },
  ],
  decisionCounts: { move: 1, wait: 2, blocked: 3, stay: 3 },
  decisions: [
    {
      volumeId: 'v-1',
      volumeName: 'pvc-1',
      claim: { namespace: 'shop', name: 'orders' },
      outcome: 'Move',
      code: 'Promote',
      from: 'Cold',
      to: 'Hot',
      sourcePool: 'pool-a',
      targetPool: 'pool-b',
      heatIOPS: 6200.5,
      coveragePercent: 97,
      message: 'Volume pvc-1 (claim shop/orders) is to be promoted to the hot tier.',
      since: time,
      earliestChangeTime: time,
      dryRun: true,
    },
  ],
  conditions: [condition, { ...condition, type: 'TelemetryHealthy', status: 'False' }],
};

const policy = (poolSelectors: Json): Json => ({
  apiVersion: 'storage.billyronks.io/v1',
  kind: 'StoragePolicy',
  metadata: { name: 'full' },
  spec: clone({ ...policySpec, ...poolSelectors }),
  status: clone(policyStatus),
});

/** Between them, the two policies have every field; the aliases exclude each other. */
export const fullPolicy = (): Json => policy({ hotPoolSelector: selector('hot'), coldPoolSelector: selector('cold') });
export const aliasPolicy = (): Json =>
  policy({ nvmePoolSelector: selector('hot'), sataPoolSelector: selector('cold') });

export const fullMigration = (): Json =>
  clone({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: { name: 'full' },
    spec: {
      policyRef: { name: 'typical', uid: '0a1b', generation: 3 },
      volumeId: 'v-1',
      claim: { namespace: 'shop', name: 'data-db-0' },
      source: { tier: 'Hot', pool: 'pool-a', node: 'node-a', replicaId: 'r-1' },
      target: { tier: 'Cold', pool: 'pool-b', node: 'node-b' },
      adopts: { migration: 'v-1-1', replicaId: 'r-2' },
      plan: { steps: ['Sync', 'Verify', 'Remove'], replicaCount: 3, sizeBytes: 1024, timeout: '2h' },
      reason: {
        code: 'HeatBelowLow',
        message: 'The heat is below the low watermark.',
        heatIOPS: 12.5,
        coveragePercent: 80,
        samplingWindow: '1h',
        metric: 'volume_num_read_ops',
        lowWatermarkIOPS: 500,
        warmWatermarkIOPS: 2000,
        highWatermarkIOPS: 5000,
        decisionTime: time,
      },
      approval: { mode: 'Manual', approved: true, approvedBy: 'Jane' },
      cancel: false,
      cleanup: false,
      dryRun: false,
      preservationMode: false,
    },
    status: {
      phase: 'Syncing',
      observedGeneration: 1,
      message: 'Waiting for the new replica.',
      intent: {
        operationId: 'op-1',
        step: 'Add',
        expectedGeneration: 1,
        recordedTime: time,
        replicaIdsBefore: ['r-1'],
        replicaCountAfter: 4,
      },
      newReplica: replica,
      oldReplica: { ...replica, replicaId: 'r-1' },
      extraReplica: { ...replica, recordedTime: time, removedTime: time, adoptedBy: 'v-1-3' },
      cordons: [{ kind: 'Node', name: 'node-c', label: 'couchestor', setTime: time }],
      progressPercent: 40,
      bytesTotal: 1024,
      bytesSynced: 512,
      estimatedCompletionTime: time,
      rebuildStart: { time, percent: 10 },
      startTime: time,
      phaseStartTime: time,
      completionTime: time,
      conditions: [condition],
    },
  }) as Json;

/** A copy of `document` with `value` at `path`; undefined removes what is there. */
export function withChange(document: Json, path: readonly (string | number)[], value: unknown): Json {
  const copy = clone(document) as Json;
  const parent = path.slice(0, -1).reduce<unknown>((node, key) => (node as Json)[key], copy) as Json;
  const last = path.at(-1)!;
  if (value !== undefined) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
  return copy;
}
