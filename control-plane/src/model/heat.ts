/**
 * How busy a volume is, or why that is not known. Absence of knowledge is a value of its own, never zero: unknown heat
 * moves no data.
 */

/** Where the samples come from, so that a decision can show them again. */
export interface HeatEvidence {
  /** The metric family, such as `volume`. */
  readonly family: string;
  readonly query: string;
  readonly windowMs: number;
  readonly stepMs: number;
  /** Steps of the window that have a sample, and how many there could be. */
  readonly sampleCount: number;
  readonly expectedSampleCount: number;
  /** Wall time of the newest sample. */
  readonly newestSampleMs: number;
}

export type UnknownHeatReason =
  /** Prometheus did not give an answer that can be relied on. */
  | 'TelemetryUnavailable'
  /** It answered, and has no series of this volume: unpublished or unscraped, which is not idle. */
  | 'NoSeries'
  /** There are samples, but the newest is too old to speak of now. */
  | 'Stale'
  /** There are series, but no sample in the window is a number. */
  | 'NoSamples';

export type Heat =
  | {
      readonly kind: 'known';
      /** I/O operations per second: the exponentially time-weighted mean over the window. */
      readonly iops: number;
      /** The share of the window that has samples, from 0 to 1. */
      readonly coverage: number;
      readonly evidence: HeatEvidence;
    }
  | {
      readonly kind: 'unknown';
      readonly reason: UnknownHeatReason;
      /** One sentence for people, with what to do about it. */
      readonly message: string;
      readonly evidence?: HeatEvidence;
    };

/** The heat of every volume over one window. */
export type HeatReading =
  | {
      readonly kind: 'read';
      readonly windowMs: number;
      /** The family that answered; undefined when none has any series. */
      readonly family: string | undefined;
      /** By the name of the PersistentVolume; one that is missing has no series. */
      readonly byVolumeName: ReadonlyMap<string, Heat>;
      /** Wall time at which the window ends. */
      readonly readAtMs: number;
    }
  | {
      readonly kind: 'unavailable';
      readonly windowMs: number;
      /** Machine-readable, CamelCase, such as `Unreachable`, `Timeout`, `BadAnswer`, `NoData`, `PartialAnswer`, `Refused`. */
      readonly reason: string;
      readonly message: string;
      readonly readAtMs: number;
    };

/** The heat of one volume in a reading; a volume without a series is unknown, not idle. */
export function heatOf(reading: HeatReading, volumeName: string): Heat {
  if (reading.kind === 'unavailable') {
    return { kind: 'unknown', reason: 'TelemetryUnavailable', message: reading.message };
  }
  return (
    reading.byVolumeName.get(volumeName) ?? {
      kind: 'unknown',
      reason: 'NoSeries',
      message: `Prometheus has no I/O series of ${volumeName}: the volume is not published, or its node is not scraped.`,
    }
  );
}
