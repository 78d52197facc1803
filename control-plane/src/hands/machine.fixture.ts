/** A migration from `hot-n1` to `cold-n3` of a volume of two replicas, and what the machine says at a moment of it. */
import { MIGRATION_FINALIZER, parseVolumeMigration, type VolumeMigrationStatus } from '@couchestor/common/api';
import * as fixture from '../brain/placement/placement.fixture.ts';
import type { ReplicaFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { Instruction } from './instruction.ts';
import { nextInstruction } from './machine.ts';
import type { Observation } from './observation.ts';
import { HANDS_DEFAULTS } from './settings.ts';
import type { StatusChanges } from './view.ts';

export const NOW_MS = Date.UTC(2026, 0, 1, 12);
export const MOMENT = {
  nowMs: NOW_MS,
  settings: HANDS_DEFAULTS,
  isPolicyGone: false,
  operator: { dryRun: false, preservation: false },
  admission: { kind: 'admitted' },
} as const;
export const ago = (ms: number): string => new Date(NOW_MS - ms).toISOString().replace('.000Z', 'Z');

type SpecChanges = Readonly<Record<string, unknown>>;

export function record(
  status: object | undefined,
  spec: SpecChanges = {},
  changed: Partial<VolumeMigrationRecord> = {},
): VolumeMigrationRecord {
  const steps = ['Add', 'Sync', 'Verify', ...(spec.preservationMode === true ? [] : ['Remove'])];
  return {
    name: 'v1-1',
    uid: 'uid-1',
    generation: 1,
    resourceVersion: '1',
    createdAtMs: 0,
    deleting: false,
    finalizers: [MIGRATION_FINALIZER],
    parsed: parseVolumeMigration({
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'VolumeMigration',
      metadata: { name: 'v1-1' },
      spec: {
        policyRef: { name: 'policy' },
        volumeId: 'v1',
        source: { tier: 'Hot', pool: 'hot-n1', node: 'n1' },
        target: { tier: 'Cold', pool: 'cold-n3', node: 'n3' },
        plan: { steps, replicaCount: 2, timeout: '30m' },
        reason: { code: 'Demote', message: 'It is cold.' },
        ...spec,
      },
      ...(status === undefined ? {} : { status }),
    }),
    ...changed,
  };
}

export const OLD = { replicaId: 'r-hot-n1', pool: 'hot-n1', node: 'n1' } as const;
export const NEW = { replicaId: 'r-cold-n3', pool: 'cold-n3', node: 'n3' } as const;

/** Of a migration that began a minute ago. */
export function status(phase: VolumeMigrationStatus['phase'], changed: Readonly<Record<string, unknown>> = {}): object {
  return { phase, startTime: ago(60_000), phaseStartTime: ago(50_000), oldReplica: OLD, ...changed };
}

export function intent(step: string, changed: Readonly<Record<string, unknown>> = {}): object {
  return { operationId: `op-${step.toLowerCase()}`, step, expectedGeneration: 1, recordedTime: ago(1_000), ...changed };
}

export function withReplicas(volume: VolumeFacts, replicas: readonly ReplicaFacts[]): VolumeFacts {
  const target = volume.target && { ...volume.target, childCount: replicas.length };
  return { ...volume, replicas, target };
}

type Seen = Pick<Observation, 'volume' | 'surroundings'> &
  Partial<Omit<Observation, 'watched'>> & { readonly watched?: Partial<Observation['watched']> };

export function say(object: VolumeMigrationRecord, seen: Seen): Instruction {
  return nextInstruction(object, observed(object, seen), MOMENT);
}

export function observed(object: VolumeMigrationRecord, { watched, ...observation }: Seen): Observation {
  const memory = {
    watched: { ...watchedOf(object), ...watched },
    ownCordons: [],
    other: undefined,
    rebuilds: undefined,
    lock: { kind: 'held' },
    confirmed: [],
    refusal: undefined,
    intentIsFresh: true,
    isUncalled: false,
  } as const;
  return { ...memory, ...observation };
}

/** By a process that has driven it from its beginning, when no clock is off. */
function watchedOf({ parsed }: VolumeMigrationRecord): Observation['watched'] {
  const { phaseStartTime, startTime, intent: standing } = (parsed.kind === 'ok' && parsed.value.status) || {};
  const since = (time: string | undefined): number => NOW_MS - Date.parse(time ?? ago(0));
  return {
    phaseMs: since(phaseStartTime),
    callMs: since(standing?.recordedTime),
    runningMs: since(startTime),
    setbacks: 0,
    cordonMs: Infinity,
    missingMs: Infinity,
    lockMs: 0,
  };
}

/** The status that is written; undefined: none is. */
export function written(instruction: Instruction): StatusChanges | undefined {
  return 'status' in instruction ? instruction.status : undefined;
}

const { node, pool, replica, storage, target, volume } = fixture;

/** A hot pool on two nodes, cold ones on two others. */
export const cluster = (release: fixture.Release = '2.10') =>
  storage({
    release,
    nodes: ['n1', 'n2', 'n3', 'n4'].map((name) => node(name)),
    pools: ['hot-n1', 'hot-n2', 'cold-n3', 'cold-n4'].map((name) => pool(name)),
  });
export const surroundings = cluster();
export const before = volume(['hot-n1', 'hot-n2'], { target: target('n9', 2) });
export const ids = ['r-hot-n1', 'r-hot-n2'];
/** With the new replica, whole unless something else is said. */
export const during = withReplicas({ ...before, replicaCount: 3 }, [...before.replicas, replica('cold-n3')]);
export const filling = withReplicas({ ...during, status: 'Degraded' }, [
  ...before.replicas,
  { ...replica('cold-n3'), childStatus: 'Degraded', rebuildPercent: 40 },
]);
export const after = withReplicas({ ...during, replicaCount: 2 }, during.replicas.slice(1));
export const ending = (reason: string): object => ({
  conditions: [{ type: 'Ending', status: 'True', reason, message: 'Why.', lastTransitionTime: ago(1000) }],
});

export const kept = { newReplica: NEW, intent: intent('Uncordon', { replicaIdsBefore: ids }) };
