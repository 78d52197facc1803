/** A HeatSource for tests: it says what it was told, under the rules of the port. */
import { formatDuration, type Clock } from '@couchestor/common/base';
import type { Heat, HeatReading } from '../../model/heat.ts';
import type { HeatSource } from '../../ports/heat-source.ts';
import { throwIfCancelled } from './shared-call.ts';

export interface FakeHeatSourceOptions {
  readonly clock: Clock;
  readonly cacheTtlMs?: number;
}

interface Kept {
  readonly reading: HeatReading;
  readonly untilMs: number;
}

const STEP_MS = 60_000;

export class FakeHeatSource implements HeatSource {
  readonly #clock: Clock;
  readonly #cacheTtlMs: number;
  readonly #heats = new Map<string, Heat | { readonly iops: number; readonly coverage: number }>();
  readonly #kept = new Map<number, Kept>();
  #outage: { readonly reason: string; readonly message: string } | undefined;
  #readingCount = 0;

  /** `cacheTtlMs` 0: every call is a reading of its own. */
  constructor({ clock, cacheTtlMs = 30_000 }: FakeHeatSourceOptions) {
    this.#clock = clock;
    this.#cacheTtlMs = cacheTtlMs;
  }

  /** How often Prometheus would have been asked. */
  get readingCount(): number {
    return this.#readingCount;
  }

  /** From the next reading on; a number of operations per second, or a heat as it is. */
  set(volumeName: string, heat: number | Heat, { coverage = 1 }: { coverage?: number } = {}): void {
    this.#heats.set(volumeName, typeof heat === 'number' ? { iops: heat, coverage } : heat);
  }

  /** The volume has no series from the next reading on. */
  remove(volumeName: string): void {
    this.#heats.delete(volumeName);
  }

  /** The next readings are unavailable, until `answer()`. */
  fail(reason = 'Unreachable', message = 'Prometheus cannot be reached.'): void {
    this.#outage = { reason, message };
  }

  answer(): void {
    this.#outage = undefined;
  }

  async read(windowMs: number, signal: AbortSignal): Promise<HeatReading> {
    throwIfCancelled(signal);
    const reading = this.#current(windowMs);
    await Promise.resolve();
    throwIfCancelled(signal);
    return reading;
  }

  #current(windowMs: number): HeatReading {
    const kept = this.#kept.get(windowMs);
    if (kept !== undefined && kept.untilMs > this.#clock.monotonic()) return kept.reading;
    this.#readingCount += 1;
    const reading = this.#make(windowMs);
    const isFailure = reading.kind === 'unavailable';
    const ttlMs = isFailure ? Math.min(this.#cacheTtlMs, 5_000) : this.#cacheTtlMs;
    this.#kept.set(windowMs, { reading, untilMs: this.#clock.monotonic() + ttlMs });
    return reading;
  }

  #make(windowMs: number): HeatReading {
    const readAtMs = this.#clock.now();
    if (this.#outage !== undefined) return { kind: 'unavailable', windowMs, ...this.#outage, readAtMs };
    const byVolumeName = new Map<string, Heat>();
    for (const [name, heat] of this.#heats) {
      byVolumeName.set(name, 'kind' in heat ? heat : known(heat, windowMs, readAtMs));
    }
    const family = byVolumeName.size === 0 ? undefined : 'volume';
    return { kind: 'read', windowMs, family, byVolumeName, readAtMs };
  }
}

function known({ iops, coverage }: { iops: number; coverage: number }, windowMs: number, readAtMs: number): Heat {
  const stepMs = Math.min(STEP_MS, windowMs);
  const expectedSampleCount = Math.max(Math.floor(windowMs / stepMs), 1);
  const range = formatDuration(4 * stepMs);
  return {
    kind: 'known',
    iops,
    coverage,
    evidence: {
      family: 'volume',
      query: `sum by (pv_name) (rate(volume_num_read_ops[${range}]) + rate(volume_num_write_ops[${range}]))`,
      windowMs,
      stepMs,
      sampleCount: Math.round(coverage * expectedSampleCount),
      expectedSampleCount,
      newestSampleMs: readAtMs,
    },
  };
}
