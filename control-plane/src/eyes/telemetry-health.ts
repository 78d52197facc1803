/** Whether telemetry as a whole can be relied on: what the condition TelemetryHealthy of a policy says. */
import type { Heat, HeatReading } from '../model/heat.ts';

export interface TelemetryHealth {
  readonly healthy: boolean;
  /** CamelCase; of an unavailable reading its own. */
  readonly reason: string;
  /** One sentence for people, with what to do about it. */
  readonly message: string;
}

/**
 * Of the readings of one round. Unhealthy: one of them is unavailable; volumes are watched and a reading has no series at all
 * (`NoData`); it has series, and the heat of none is known (`NoRecentData`). Volumes without a series beside others with one are
 * their own business: they may just not be published.
 */
export function telemetryHealth(readings: readonly HeatReading[], watchedVolumeCount: number): TelemetryHealth {
  for (const reading of readings) {
    if (reading.kind === 'unavailable') return { healthy: false, reason: reading.reason, message: reading.message };
  }
  if (watchedVolumeCount === 0) {
    return { healthy: true, reason: 'NothingWatched', message: 'No volume is watched, so no heat is needed.' };
  }
  for (const reading of readings) {
    const problem = reading.kind === 'read' ? problemOf(reading.byVolumeName) : undefined;
    if (problem !== undefined) return problem;
  }
  return { healthy: true, reason: 'Answering', message: 'Prometheus answers and has recent samples of volumes.' };
}

function problemOf(heats: ReadonlyMap<string, Heat>): TelemetryHealth | undefined {
  if (heats.size === 0) {
    return {
      healthy: false,
      reason: 'NoData',
      message:
        'Prometheus answers and has no I/O series of any volume; check that it scrapes the metrics exporter of every ' +
        'storage node, and that the exporter has volume metrics (Mayastor 2.6 or later).',
    };
  }
  let example: string | undefined;
  for (const heat of heats.values()) {
    if (heat.kind === 'known') return undefined;
    example ??= heat.message;
  }
  return {
    healthy: false,
    reason: 'NoRecentData',
    message: `Prometheus answers and has no recent sample of any volume; check its scrape targets. ${example ?? ''}`,
  };
}
