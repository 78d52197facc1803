/**
 * The names of VolumeMigrations: `<volumeId>-<n>`, counted up for each volume. Two operators that know the same migrations give
 * the next one the same name, so the API server lets only one of them create it.
 */
import { assertInvariant, type VolumeId } from '../base/index.ts';

const NUMBER = /^[1-9][0-9]{0,14}$/;

/** The caller guarantees a positive integer. */
export function migrationName(volumeId: VolumeId, number: number): string {
  assertInvariant(Number.isSafeInteger(number) && number > 0, 'migrations are counted from 1');
  return `${volumeId}-${number}`;
}

/** The name after the highest that the volume has among `taken`: of objects and of histories, whose names are not used again. */
export function nextMigrationName(volumeId: VolumeId, taken: Iterable<string>): string {
  let highest = 0;
  for (const name of taken) highest = Math.max(highest, numberOf(name, volumeId));
  return migrationName(volumeId, highest + 1);
}

/** 0 for a name of another volume or of somebody else's making. */
function numberOf(name: string, volumeId: VolumeId): number {
  const prefix = `${volumeId}-`;
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return NUMBER.test(rest) ? Number(rest) : 0;
}
