/** A device with everything that was found out about it in one look. */
import type { HealthReport } from '../health/index.ts';
import type { DeviceAssessment } from '../model/assessment.ts';

export interface ObservedDevice extends DeviceAssessment {
  readonly health: HealthReport;
}
