/** What bytes are stored on: files, through the page cache or past it, pieces of zones, and a mock. */
export { admitArena, allocateAligned } from './aligned-buffers.ts';
export type { BlockDevice, WriteOrder } from './block-device.ts';
export { deviceError, DISK_ERRNOS, errnoOf, systemError } from './device-errors.ts';
export type { DeviceFault, DeviceOperation, FailedCall } from './device-errors.ts';
export { openDirectFileDevice, openFileDevice } from './file-device.ts';
export type { FileOpening } from './file-device.ts';
export { MockDisk } from './mock-device.ts';
export type { MockCall, MockDiskOptions, MockEffect, MockFault, MockOperation } from './mock-device.ts';
export { ZoneAllocator } from './zone-allocator.ts';
export type { OpenedAllocator, ZoneAppend } from './zone-allocator.ts';
export type { Extent } from './zone-extent.ts';
export type { ZoneGeometry } from './zone-slots.ts';
export type { Victim, ZoneUsage } from './zone-table.ts';
export type { Zone, ZoneCondition, ZonedDevice } from './zoned-device.ts';
export { formatZonedModel, openZonedModel, zonedModelBytes } from './zoned-model.ts';
export type { ZonedModel } from './zoned-model.ts';
