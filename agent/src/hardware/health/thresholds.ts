/**
 * From which value on a counter is told as Degraded, and from which as Unhealthy. Those of temperatures stand behind the limits
 * that a disk itself reports, which differ by 30 degrees between kinds.
 */

export interface Limit {
  readonly degraded: number;
  readonly unhealthy: number;
}

export interface HealthThresholds {
  readonly percentageUsed: Limit;
  readonly mediaErrors: Limit;
  readonly reallocatedSectors: Limit;
  readonly pendingSectors: Limit;
  /** Only for disks that report no limits of their own. */
  readonly temperatureCelsius: Limit;
  /** Percentage points above the disk's own threshold of spare blocks below which it is told as Degraded. */
  readonly spareMarginPercent: number;
}

/**
 * The first reallocated, pending or unreadable sector is a reason to look: failures follow it far more often than chance. Many of
 * them are a reason to leave. Endurance used up is no failure, but the end of what the vendor promises.
 */
export const DEFAULT_THRESHOLDS: HealthThresholds = {
  percentageUsed: { degraded: 90, unhealthy: 100 },
  mediaErrors: { degraded: 1, unhealthy: 100 },
  reallocatedSectors: { degraded: 1, unhealthy: 100 },
  pendingSectors: { degraded: 1, unhealthy: 100 },
  temperatureCelsius: { degraded: 65, unhealthy: 85 },
  spareMarginPercent: 5,
};
