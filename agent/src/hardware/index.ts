/** The disks of a node: what there is, what it is used for, which of it may be offered, and how well it is. */
export { assessDevices, devicesOf, probeCandidates } from './assess.ts';
export type { AssessmentPolicy, Findings } from './assess.ts';
export type { TierRule } from './classify/classify.ts';
export type { DeviceAssessment, Offer, Refusal, RefusalKind, Use, UseKind, Verification } from './model/assessment.ts';
export type {
  CommandCounts,
  Device,
  DevicePath,
  Media,
  Mount,
  OriginField,
  Origins,
  Partition,
  Signature,
  Tier,
  Transport,
  Zoned,
  ZonedModel,
} from './model/device.ts';
export type { Evidence } from './model/evidence.ts';
export { probeDevices } from './offer/probe.ts';
export type { ProbeOptions, ProbeResult } from './offer/probe.ts';
export { mountLines } from './parse/mount-table.ts';
export type { SeenMount } from './parse/mount-table.ts';
export type { Attribute } from './snapshot/attribute.ts';
export { HardwareScanner } from './snapshot/hardware-scanner.ts';
export type { HardwareSnapshot } from './snapshot/hardware-snapshot.ts';
export { RootedTree } from './snapshot/rooted-tree.ts';
export type { TreeReader } from './snapshot/tree-reader.ts';
export { ChangeDetector } from './changes/index.ts';
export type { FieldChange, HardwareChange } from './changes/index.ts';
export { HardwareObserver } from './hardware-observer.ts';
export type { HardwareLook, ObserverOptions } from './hardware-observer.ts';
export { SmartctlRunner, SmartReportFolder } from './health/index.ts';
export type {
  FailurePrediction,
  HealthEvidence,
  HealthReport,
  HealthState,
  MonitoredHealth,
  SmartSource,
} from './health/index.ts';
export { readNodeFacts } from './node/index.ts';
export type { NodeFacts } from './node/index.ts';
export { parsePolicy } from './policy/index.ts';
export type { HardwarePolicy } from './policy/index.ts';
export { traceDirectory } from './trace/index.ts';
export type { Trace } from './trace/index.ts';
export { viewOf } from './view/index.ts';
export type { DeviceView, ObservedDevice } from './view/index.ts';
