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
