/** What is different from one look to the next. */
export { ChangeDetector } from './change-detector.ts';
export type { FieldChange, HardwareChange } from './change-detector.ts';
