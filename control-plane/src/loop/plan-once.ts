/**
 * Observe everything that decisions rest on, then decide. Each part that cannot be relied on is named in the report with its
 * reason; without Kubernetes or the storage system there are no decisions at all, and without heat there are none that move.
 */
import { ACCEPTED, isFinal, policySpecConditions } from '@couchestor/common/api';
import { assertInvariant, InvariantError, toCoucheStorError, withDeadline, type Clock } from '@couchestor/common/base';
import { telemetryHealth } from '../eyes/index.ts';
import type { ClusterSnapshot, MigrationFacts, StorageFacts } from '../model/cluster-snapshot.ts';
import { composeSnapshot } from '../model/compose-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import type { Readiness } from '../model/health.ts';
import type { HeatReading } from '../model/heat.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import type { OperatorSettings, PolicyInput } from '../model/policy-input.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import type { ClusterObjects } from '../ports/cluster-objects.ts';
import type { HeatSource } from '../ports/heat-source.ts';
import type { OperatorMetrics } from '../ports/operator-metrics.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';
import type { StorageSystem } from '../ports/storage-system.ts';

export type Decide = (input: {
  readonly snapshot: ClusterSnapshot;
  readonly policies: readonly PolicyInput[];
  readonly heat: (windowMs: number) => HeatReading;
  readonly settings: OperatorSettings;
  readonly nowMs: number;
}) => readonly Decision[];

export interface PlanningParts {
  readonly storage: StorageSystem;
  readonly objects: ClusterObjects;
  readonly policies: Pick<StoragePolicies, 'snapshot'>;
  readonly heat: HeatSource;
  readonly decide: Decide;
  readonly settings: OperatorSettings;
  readonly clock: Clock;
  readonly metrics: Pick<OperatorMetrics, 'heatQueried'>;
  /** For the storage system, and for each reading of heat. */
  readonly timeoutMs: number;
}

/** Readings under way at once; policies rarely have more windows than that. */
const PARALLEL_READINGS = 4;
/** Read when no policy asks for a window, to know whether telemetry answers. */
const DEFAULT_WINDOW_MS = 3_600_000;
const READY: Readiness = { healthy: true, reason: 'Ready', message: '' };

/** Thrown: CoucheStorError `cancelled` when `signal` aborts; whatever decide() throws, which it should not. */
export async function planOnce(parts: PlanningParts, sequence: number, signal: AbortSignal): Promise<PlanningReport> {
  const { clock, policies, objects, settings } = parts;
  const startedAtMs = clock.now();
  const startMs = clock.monotonic();
  const listed = policies.snapshot();
  // Before the storage system: a claim that is seen has its volume there already.
  const known = objects.snapshot();
  const records = listed.kind === 'ok' ? listed.policies : [];
  const inputs = records.flatMap((record) => policyInput(record, startedAtMs));
  const [storage, readings] = await Promise.all([observe(parts, signal), readHeat(parts, inputs, signal)]);
  signal.throwIfAborted();
  const after = objects.snapshot();

  const readingOf = (windowMs: number): HeatReading => readings.get(windowMs) ?? notRead(windowMs, startedAtMs);
  const decisions =
    listed.kind === 'ok' && known.kind === 'ok' && storage.kind === 'observed'
      ? parts.decide({
          snapshot: composeSnapshot({
            storage: storage.facts,
            objects: known,
            migrationsAfter: after.kind === 'ok' ? after.migrations : [],
            takenAtMs: startedAtMs,
          }),
          policies: inputs,
          heat: readingOf,
          settings,
          nowMs: clock.now(),
        })
      : undefined;
  for (const { outcome, heat, volumeId } of decisions ?? []) {
    assertInvariant(outcome !== 'Move' || heat.kind === 'known', `unknown heat never moves data, not even ${volumeId}`);
  }
  const publishedVolumes = publishedCount(decisions ?? [], storage);
  const refusal = listed.kind === 'refused' ? listed : known.kind === 'refused' ? known : undefined;
  const migrations = known.kind === 'ok' ? known.migrations : [];
  const active = migrations.filter(({ phase }) => !isFinal(phase));
  return {
    sequence,
    startedAtMs,
    durationMs: clock.monotonic() - startMs,
    kubernetes: refusal === undefined ? READY : unready('CacheNotReady', refusal.message),
    storage: storage.kind === 'observed' ? READY : storage.readiness,
    telemetry: telemetryHealth([...readings.values()], publishedVolumes),
    telemetryOf: new Map(
      inputs.map(({ name, spec }) => [name, telemetryHealth([readingOf(spec.samplingWindowMs)], publishedVolumes)]),
    ),
    decisions,
    generations: new Map(records.map(({ uid, generation }) => [uid, generation])),
    policyNames: records.map(({ name }) => name),
    activeMigrations: countByPolicy(active),
    awaitingApproval: countByPolicy(active.filter(({ phase }) => phase === 'AwaitingApproval')),
    extraReplicaCount: migrations.filter(({ extraReplica }) => extraReplica).length,
  };
}

/** Empty for a policy that cannot be read: it has no classes and selectors to match a volume with. */
function policyInput({ name, uid, generation, parsed }: StoragePolicyRecord, nowMs: number): readonly PolicyInput[] {
  if (parsed.kind === 'invalid') return [];
  const { metadata, spec } = parsed.value;
  const createdAtMs = Date.parse(metadata.creationTimestamp ?? '');
  const accepted = policySpecConditions(parsed, generation).some(
    ({ type, status }) => type === ACCEPTED && status === 'True',
  );
  return [{ name, uid, generation, createdAtMs: Number.isNaN(createdAtMs) ? nowMs : createdAtMs, spec, accepted }];
}

type Observation =
  | { readonly kind: 'observed'; readonly facts: StorageFacts }
  | { readonly kind: 'failed'; readonly readiness: Readiness };

async function observe({ storage, clock, timeoutMs }: PlanningParts, signal: AbortSignal): Promise<Observation> {
  try {
    const bounds = { clock, timeoutMs, signal, what: 'Observing the storage system' };
    return { kind: 'observed', facts: await withDeadline(bounds, (own) => storage.observe(own)) };
  } catch (thrown) {
    if (thrown instanceof InvariantError || signal.aborted) throw thrown;
    const { code, message, fields } = toCoucheStorError(thrown);
    const said = fields.remedy === undefined ? message : `${message.replace(/\.$/, '')}; ${String(fields.remedy)}.`;
    return { kind: 'failed', readiness: unready(capitalised(code), said) };
  }
}

async function readHeat(
  parts: PlanningParts,
  inputs: readonly PolicyInput[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, HeatReading>> {
  const windows = [...new Set(inputs.map(({ spec }) => spec.samplingWindowMs))];
  const wanted = windows.length === 0 ? [DEFAULT_WINDOW_MS] : windows;
  const readings = new Map<number, HeatReading>();
  const startMs = parts.clock.monotonic();
  // What there is no time for any more stays unread, next to a reading that says why.
  const inTime = (): boolean => parts.clock.monotonic() - startMs < parts.timeoutMs;
  for (let first = 0; first < wanted.length && inTime(); first += PARALLEL_READINGS) {
    const batch = wanted.slice(first, first + PARALLEL_READINGS);
    const read = await Promise.all(batch.map((windowMs) => readWindow(parts, windowMs, signal)));
    for (const [index, reading] of read.entries()) readings.set(batch[index] ?? reading.windowMs, reading);
  }
  return readings;
}

async function readWindow(parts: PlanningParts, windowMs: number, signal: AbortSignal): Promise<HeatReading> {
  const { heat, clock, timeoutMs, metrics } = parts;
  let reading: HeatReading;
  try {
    const bounds = { clock, timeoutMs, signal, what: 'Reading heat' };
    reading = await withDeadline(bounds, (own) => heat.read(windowMs, own));
  } catch (thrown) {
    if (thrown instanceof InvariantError || signal.aborted) throw thrown;
    const { code, message } = toCoucheStorError(thrown);
    reading = { kind: 'unavailable', windowMs, reason: capitalised(code), message, readAtMs: clock.now() };
  }
  metrics.heatQueried(reading.kind === 'read' ? 'success' : 'failure');
  return reading;
}

function notRead(windowMs: number, readAtMs: number): HeatReading {
  return {
    kind: 'unavailable',
    windowMs,
    reason: 'NotRead',
    message: 'The heat of this window was not read.',
    readAtMs,
  };
}

/** Of volumes that are not published there is no I/O, and so no series to be missed. */
function publishedCount(decisions: readonly Decision[], storage: Observation): number {
  if (storage.kind !== 'observed') return 0;
  const published = new Set(storage.facts.volumes.flatMap(({ volumeId, target }) => (target ? [volumeId] : [])));
  return decisions.filter(({ volumeId }) => published.has(volumeId)).length;
}

function countByPolicy(migrations: readonly MigrationFacts[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { policy } of migrations) counts.set(policy, (counts.get(policy) ?? 0) + 1);
  return counts;
}

function unready(reason: string, message: string): Readiness {
  return { healthy: false, reason, message };
}

const capitalised = (code: string): string => code.charAt(0).toUpperCase() + code.slice(1);
