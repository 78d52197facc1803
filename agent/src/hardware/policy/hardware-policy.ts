/** What an operator decides about disks, and the file that says it. */
import type { AssessmentPolicy } from '../assess.ts';
import type { HealthThresholds } from '../health/index.ts';

export interface HardwarePolicy extends AssessmentPolicy {
  readonly thresholds?: HealthThresholds | undefined;
}
