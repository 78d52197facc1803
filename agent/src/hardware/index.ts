/** The disks of a node: what there is, what it is used for, which of it may be offered, and how well it is. */
export type { Attribute } from './snapshot/attribute.ts';
export type { TreeReader } from './snapshot/tree-reader.ts';
export type { HardwareSnapshot } from './snapshot/hardware-snapshot.ts';
export type { Device, DevicePath, Media, Mount, Partition, Signature, Tier, Transport, Zoned } from './model/device.ts';
export type { Evidence } from './model/evidence.ts';
export type { DeviceAssessment, Offer, Refusal, Use } from './model/assessment.ts';
