/**
 * What is said of the health of a disk. Evidence is what one attribute says; the state is the worst that any of it says, and
 * Healthy only where something vouched for the disk: the absence of complaints is Unknown.
 */

export type HealthState = 'Healthy' | 'Degraded' | 'Unhealthy' | 'Unknown';

export type HealthSource = 'smartctl' | 'hwmon' | 'sysfs';

/** What an attribute says of the disk; `note` says nothing about health, and is told because people ask for it. */
export type HealthVerdict = 'Healthy' | 'Degraded' | 'Unhealthy' | 'note';

export interface HealthEvidence {
  readonly source: HealthSource;
  /** As the source names it: a key of smartctl's JSON, or the path of a file. */
  readonly attribute: string;
  readonly value: string | number | boolean;
  /** What the value was held against, where it was a number. */
  readonly threshold?: number;
  readonly verdict: HealthVerdict;
  /** A clause for people, without a full stop. */
  readonly detail: string;
}

/** Counters by the name of what they count, whatever the kind of disk calls them. Absent is what the disk does not tell. */
export interface HealthCounters {
  /** NVMe: the byte of the log, with its bits. */
  readonly criticalWarning?: number;
  /** Of the endurance the vendor promises; may go beyond 100. */
  readonly percentageUsed?: number;
  readonly availableSparePercent?: number;
  readonly availableSpareThresholdPercent?: number;
  /** Reads that failed for good, and blocks that were given up as unreadable. */
  readonly mediaErrors?: number;
  readonly reallocatedSectors?: number;
  readonly pendingSectors?: number;
  readonly temperatureCelsius?: number;
  readonly powerOnHours?: number;
  readonly bytesWritten?: number;
}

export interface HealthReport {
  readonly state: HealthState;
  /** One clause: the evidence that decided, or why nothing is known. */
  readonly reason: string;
  /** The worst first. */
  readonly evidence: readonly HealthEvidence[];
  readonly counters: HealthCounters;
}
