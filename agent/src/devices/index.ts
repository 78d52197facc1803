/** What bytes are stored on: files, through the page cache or past it, zones, and a mock. */
export type { BlockDevice, WriteOrder } from './block-device.ts';
export type { DeviceFault, DeviceOperation } from './device-errors.ts';
export { openDirectFileDevice, openFileDevice } from './file-device.ts';
export type { FileOpening } from './file-device.ts';
