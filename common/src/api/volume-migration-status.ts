/**
 * The status of a VolumeMigration, in the form in which it is stored. It is all that a restarted operator knows: the intent
 * is written before the side effect it names, and looked for in the storage system before anything is done again.
 */
import { parseNodeName, parsePoolName, type NodeName, type PoolName } from '../base/index.ts';
import { conditions, MAX_MESSAGE_LENGTH, type Condition } from './conditions.ts';
import { MIGRATION_PHASES, type MigrationPhase } from './migration-phase.ts';
import { list, object, optional, required, type Reader } from './reader.ts';
import { dnsName, identifier, integer, MAX_EXACT_INTEGER, oneOf, parsed, text, timestamp } from './scalars.ts';

export interface Replica {
  readonly replicaId: string;
  readonly pool: PoolName;
  readonly node: NodeName;
}

/** A replica beyond the number that the volume asks for. */
export interface ExtraReplica extends Replica {
  readonly recordedTime: string;
  /** Since when it is not extra any more. */
  readonly removedTime?: string;
  /** The migration that takes it over, or has. */
  readonly adoptedBy?: string;
}

export interface MigrationIntent {
  readonly operationId: string;
  readonly step: 'Cordon' | 'Add' | 'Uncordon' | 'Remove' | 'CleanUp';
  /** The metadata.generation on which the step was decided. */
  readonly expectedGeneration: number;
  readonly recordedTime: string;
  readonly replicaIdsBefore?: readonly string[];
  readonly replicaCountAfter?: number;
}

export interface Cordon {
  readonly kind: 'Node' | 'Pool';
  readonly name: string;
  readonly label?: string;
  readonly setTime: string;
}

/** Where the rebuild that runs began, or was first seen. */
export interface RebuildStart {
  readonly time: string;
  readonly percent: number;
}

export interface VolumeMigrationStatus {
  readonly phase: MigrationPhase;
  readonly observedGeneration?: number;
  readonly message?: string;
  readonly intent?: MigrationIntent;
  readonly newReplica?: Replica;
  readonly oldReplica?: Replica;
  readonly extraReplica?: ExtraReplica;
  readonly cordons?: readonly Cordon[];
  readonly progressPercent?: number;
  readonly bytesTotal?: number;
  readonly bytesSynced?: number;
  readonly estimatedCompletionTime?: string;
  readonly rebuildStart?: RebuildStart;
  readonly startTime?: string;
  readonly phaseStartTime?: string;
  readonly completionTime?: string;
  readonly conditions?: readonly Condition[];
}

export const MAX_REPLICAS = 16;
export const MAX_CORDONS = 256;

const exactInteger = integer(0, MAX_EXACT_INTEGER);

const replicaShape = {
  replicaId: required(identifier),
  pool: required(parsed(parsePoolName)),
  node: required(parsed(parseNodeName)),
} as const;

const replica: Reader<Replica> = object(replicaShape);

const intent: Reader<MigrationIntent> = object({
  operationId: required(identifier),
  step: required(oneOf('Cordon', 'Add', 'Uncordon', 'Remove', 'CleanUp')),
  expectedGeneration: required(exactInteger),
  recordedTime: required(timestamp),
  replicaIdsBefore: optional(list(identifier, { maxItems: 2 * MAX_REPLICAS })),
  // A migration has one replica more than the volume asks for, for a while.
  replicaCountAfter: optional(integer(1, MAX_REPLICAS + 1)),
});

const cordon: Reader<Cordon> = object({
  kind: required(oneOf('Node', 'Pool')),
  name: required(identifier),
  label: optional(identifier),
  setTime: required(timestamp),
});

export const migrationStatus: Reader<VolumeMigrationStatus> = object({
  phase: required(oneOf(...MIGRATION_PHASES)),
  observedGeneration: optional(exactInteger),
  message: optional(text({ max: MAX_MESSAGE_LENGTH })),
  intent: optional(intent),
  newReplica: optional(replica),
  oldReplica: optional(replica),
  extraReplica: optional(
    object({
      ...replicaShape,
      recordedTime: required(timestamp),
      removedTime: optional(timestamp),
      adoptedBy: optional(dnsName),
    }),
  ),
  cordons: optional(list(cordon, { maxItems: MAX_CORDONS, keyOf: ({ kind, name }) => `${kind} ${name}` })),
  progressPercent: optional(integer(0, 100)),
  bytesTotal: optional(exactInteger),
  bytesSynced: optional(exactInteger),
  estimatedCompletionTime: optional(timestamp),
  rebuildStart: optional(object({ time: required(timestamp), percent: required(integer(0, 100)) })),
  startTime: optional(timestamp),
  phaseStartTime: optional(timestamp),
  completionTime: optional(timestamp),
  conditions: optional(conditions),
});
