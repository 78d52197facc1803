/**
 * What foretells that a disk will fail, and since when. A disk seldom fails at once: a counter passes a threshold and goes on rising.
 * Remembered is the moment at which each passed it, as this process saw it, and the value it had then; a look that learnt
 * nothing from a source forgets nothing of it.
 */
import type { HealthEvidence, HealthReport, HealthSource } from './health.ts';

export interface FailurePrediction {
  readonly source: HealthSource;
  readonly attribute: string;
  readonly verdict: 'Degraded' | 'Unhealthy';
  readonly value: HealthEvidence['value'];
  readonly threshold: number | null;
  /** Wall time in milliseconds: for people. */
  readonly sinceMs: number;
  /** What the value was then. */
  readonly valueThen: HealthEvidence['value'];
  readonly detail: string;
}

/** Keys of evidence by the attribute that says it. */
type Remembered = Map<string, FailurePrediction>;

export class HealthHistory {
  readonly #devices = new Map<string, Remembered>();

  /** @returns what speaks against the disk now, that which has done so longest first. */
  observe(deviceId: string, report: HealthReport, nowMs: number): readonly FailurePrediction[] {
    const before = this.#devices.get(deviceId) ?? new Map<string, FailurePrediction>();
    const spoke = new Set(report.evidence.map(({ source }) => source));
    const now: Remembered = new Map([...before].filter(([, { source }]) => !spoke.has(source)));
    for (const evidence of report.evidence) {
      const { source, attribute, verdict, value, threshold = null, detail } = evidence;
      if (verdict !== 'Degraded' && verdict !== 'Unhealthy') continue;
      const key = `${source} ${attribute}`;
      const { sinceMs, valueThen } = before.get(key) ?? { sinceMs: nowMs, valueThen: value };
      now.set(key, { source, attribute, verdict, value, threshold, sinceMs, valueThen, detail });
    }
    if (now.size === 0) this.#devices.delete(deviceId);
    else this.#devices.set(deviceId, now);
    return [...now.values()].sort((one, other) => one.sinceMs - other.sinceMs);
  }

  /** Forgets disks that are gone, so that what is remembered is bounded by what is there. */
  keepOnly(deviceIds: ReadonlySet<string>): void {
    for (const id of this.#devices.keys()) if (!deviceIds.has(id)) this.#devices.delete(id);
  }
}
