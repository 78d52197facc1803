/** For tests: everything that a round of planning looks at, as fields that a test sets. */
import { parseStoragePolicy } from '@couchestor/common/api';
import { VirtualClock } from '@couchestor/common/base';
import type { ClusterSnapshot, StorageFacts } from '../model/cluster-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import type { HeatReading } from '../model/heat.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import { NO_STORAGE } from '../model/storage.fixture.ts';
import type { ClusterObjectsSnapshot } from '../ports/cluster-objects.ts';
import type { StoragePoliciesSnapshot } from '../ports/storage-policies.ts';
import type { Decide, PlanningParts } from './plan-once.ts';

const spec = {
  highWatermarkIOPS: 5_000,
  lowWatermarkIOPS: 500,
  storageClassName: 'mayastor',
  hotPoolSelector: { matchLabels: { tier: 'hot' } },
  coldPoolSelector: { matchLabels: { tier: 'cold' } },
};

export function policyRecord(name: string, changes: object = {}, generation = 1): StoragePolicyRecord {
  const metadata = { name, uid: `uid-${name}`, generation, creationTimestamp: '2024-05-01T00:00:00Z' };
  const document = {
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'StoragePolicy',
    metadata,
    spec: { ...spec, ...changes },
  };
  return { name, uid: metadata.uid, generation, parsed: parseStoragePolicy(document), status: {} };
}

export class PlanningStage {
  readonly clock = new VirtualClock();
  policies: StoragePoliciesSnapshot = { kind: 'ok', policies: [policyRecord('gold')] };
  objects: ClusterObjectsSnapshot = { kind: 'ok', claims: [], nodeLabels: new Map(), migrations: [] };
  observe: (signal: AbortSignal) => Promise<StorageFacts> = () => Promise.resolve(NO_STORAGE);
  read: (windowMs: number, signal: AbortSignal) => Promise<HeatReading> = (windowMs) =>
    Promise.resolve({
      kind: 'read',
      windowMs,
      family: 'volume',
      byVolumeName: new Map(),
      readAtMs: this.clock.now(),
    });
  decisions: readonly Decision[] = [];
  /** What decide() was given, in order. */
  readonly decided: Parameters<Decide>[0][] = [];
  readonly windows: number[] = [];
  readonly heatResults: string[] = [];
  observations = 0;

  get snapshots(): ClusterSnapshot[] {
    return this.decided.map(({ snapshot }) => snapshot);
  }

  parts(changes: Partial<PlanningParts> = {}): PlanningParts {
    return {
      clock: this.clock,
      policies: { snapshot: () => this.policies },
      objects: { snapshot: () => this.objects },
      storage: {
        observe: (signal) => {
          this.observations += 1;
          return this.observe(signal);
        },
      },
      heat: {
        read: (windowMs, signal) => {
          this.windows.push(windowMs);
          return this.read(windowMs, signal);
        },
      },
      decide: (input) => {
        this.decided.push(input);
        return this.decisions;
      },
      settings: {
        maxConcurrentMigrations: 2,
        maxMigrationsPerHour: 6,
        dryRun: false,
        preservationMode: false,
        poolReserve: 0.1,
      },
      metrics: { heatQueried: (result) => void this.heatResults.push(result) },
      timeoutMs: 30_000,
      ...changes,
    };
  }
}
