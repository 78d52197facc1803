/** Devices as they are printed and compared. */
export { viewOf } from './device-view.ts';
export type { DeviceDetails, DeviceView, PartitionView, PathView } from './device-view.ts';
export type { ObservedDevice } from './observed-device.ts';
