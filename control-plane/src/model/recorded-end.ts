/** The condition on a migration that says that its end is counted in the status of its policy. */
import { findCondition, type VolumeMigrationStatus } from '@couchestor/common/api';

export const RECORDED = 'Recorded';

export function isRecorded({ conditions = [] }: VolumeMigrationStatus): boolean {
  return findCondition(conditions, RECORDED)?.status === 'True';
}
