/** The nouns of the control plane, for suites and benches that build its input and read its decisions. */
export type {
  ClaimFacts,
  ClusterSnapshot,
  LeftReplica,
  MigrationFacts,
  NodeFacts,
  PoolFacts,
  ReplicaFacts,
  StorageCapabilities,
  StorageFacts,
  TargetFacts,
  TopologyFacts,
  VolumeFacts,
} from './cluster-snapshot.ts';
export { DECISION_CODES } from './decision.ts';
export type {
  Decision,
  DecisionCode,
  DecisionOutcome,
  PlannedMove,
  VolumePlacement,
  VolumeWishes,
} from './decision.ts';
export { heatOf } from './heat.ts';
export type { Heat, HeatEvidence, HeatReading, UnknownHeatReason } from './heat.ts';
export type { OperatorSettings, PolicyInput } from './policy-input.ts';
