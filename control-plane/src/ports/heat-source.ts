/** Where heat comes from, as the planner needs it. */
import type { HeatReading } from '../model/heat.ts';

export interface HeatSource {
  /**
   * The heat of every volume over the last `windowMs`. Never throws for what Prometheus does: an answer that cannot be relied
   * on is a reading of its own. Calls for the same window that come close together share one answer. Thrown when `signal`
   * aborts: CoucheStorError `cancelled`.
   */
  read(windowMs: number, signal: AbortSignal): Promise<HeatReading>;
}
