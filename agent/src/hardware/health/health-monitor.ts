/**
 * Health from one look to the next. To ask a disk costs it more than to see that it is there, so sensors and smartctl have intervals of
 * their own, and between them what was learnt last is held against what the kernel shows now. A disk that has just come is asked
 * at once.
 */
import type { Clock } from '@couchestor/common/base';
import type { Device } from '../model/device.ts';
import type { TreeReader } from '../snapshot/tree-reader.ts';
import { assessHealth } from './assess-health.ts';
import { HealthHistory, type FailurePrediction } from './health-history.ts';
import type { HealthReport } from './health.ts';
import { readTemperature, type TemperatureReading } from './sensor.ts';
import type { SmartReading } from './smart-report.ts';
import { readSmart, type SmartSource } from './smart-source.ts';
import { DEFAULT_THRESHOLDS, type HealthThresholds } from './thresholds.ts';

export interface HealthMonitorOptions {
  readonly reader: TreeReader;
  readonly clock: Clock;
  /** Absent: smartctl is not permitted. */
  readonly smart?: SmartSource | undefined;
  readonly thresholds?: HealthThresholds | undefined;
  readonly sensorIntervalMs?: number | undefined;
  readonly smartIntervalMs?: number | undefined;
}

export interface MonitoredHealth {
  readonly report: HealthReport;
  readonly predictions: readonly FailurePrediction[];
}

const SENSOR_INTERVAL_MS = 60_000;
const SMART_INTERVAL_MS = 15 * 60_000;

interface Learnt<T> {
  readonly value: T;
  /** Monotonic. */
  readonly atMs: number;
}

export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #history = new HealthHistory();
  readonly #temperatures = new Map<string, Learnt<readonly TemperatureReading[]>>();
  readonly #smart = new Map<string, Learnt<SmartReading>>();
  #last: { readonly devices: readonly Device[]; readonly health: ReadonlyMap<string, MonitoredHealth> } | null = null;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
  }

  /** By the id of the device. Waits for smartctl where it is due; never rejects. The same object while nothing is new. */
  async look(devices: readonly Device[]): Promise<ReadonlyMap<string, MonitoredHealth>> {
    const { clock, smart, thresholds = DEFAULT_THRESHOLDS } = this.#options;
    this.#forget(new Set(devices.map(({ id }) => id)));
    const hasNews = [this.#readSensors(devices), await this.#askDisks(devices)].some(Boolean);
    if (!hasNews && this.#last?.devices === devices) return this.#last.health;
    const nowMs = clock.now();
    const health = new Map(
      devices.map((device) => {
        const facts = {
          smart: smart === undefined ? undefined : this.#smart.get(device.id)?.value,
          temperatures: this.#temperatures.get(device.id)?.value ?? [],
        };
        const report = assessHealth(device, facts, thresholds);
        return [device.id, { report, predictions: this.#history.observe(device.id, report, nowMs) }];
      }),
    );
    this.#last = { devices, health };
    return health;
  }

  /** @returns whether any was read. */
  #readSensors(devices: readonly Device[]): boolean {
    const { reader, clock, sensorIntervalMs = SENSOR_INTERVAL_MS } = this.#options;
    const atMs = clock.monotonic();
    let hasRead = false;
    for (const { id, hwmonPaths } of devices) {
      if (hwmonPaths.length === 0 || !isDue(this.#temperatures.get(id), atMs, sensorIntervalMs)) continue;
      const value = hwmonPaths.flatMap((path) => readTemperature(reader, path) ?? []);
      this.#temperatures.set(id, { value, atMs });
      hasRead = true;
    }
    return hasRead;
  }

  /** @returns whether any was asked. */
  async #askDisks(devices: readonly Device[]): Promise<boolean> {
    const { smart, clock, smartIntervalMs = SMART_INTERVAL_MS } = this.#options;
    if (smart === undefined) return false;
    const atMs = clock.monotonic();
    const due = devices.filter(({ id }) => isDue(this.#smart.get(id), atMs, smartIntervalMs));
    const readings = await readSmart(due, smart);
    for (const [id, value] of readings) this.#smart.set(id, { value, atMs });
    return readings.size > 0;
  }

  #forget(present: ReadonlySet<string>): void {
    this.#history.keepOnly(present);
    for (const known of [this.#temperatures, this.#smart]) {
      for (const id of known.keys()) if (!present.has(id)) known.delete(id);
    }
  }
}

function isDue(learnt: Learnt<unknown> | undefined, nowMs: number, intervalMs: number): boolean {
  return learnt === undefined || nowMs - learnt.atMs >= intervalMs;
}
