/**
 * A node's disks, looked at as often as somebody asks: one pass over the tree, what follows from it, the health of each disk, and, where that
 * is permitted, a probe of those that may be offered. A disk is probed when it first looks free, when anything about it has changed, and
 * else now and again, since opening it wakes it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@couchestor/common/base';
import { assessDevices, devicesOf, probeCandidates, type Findings } from './assess.ts';
import { HealthMonitor, type MonitoredHealth, type SmartSource } from './health/index.ts';
import type { DeviceAssessment } from './model/assessment.ts';
import type { Device } from './model/device.ts';
import { probeDevices, type OpenDevice, type ProbeResult } from './offer/probe.ts';
import type { HardwarePolicy } from './policy/index.ts';
import { HardwareScanner } from './snapshot/hardware-scanner.ts';
import type { HardwareSnapshot } from './snapshot/hardware-snapshot.ts';
import { treeAt } from './snapshot/recorded-tree.ts';
import { isSameSnapshot } from './snapshot/same-snapshot.ts';
import type { TreeReader } from './snapshot/tree-reader.ts';
import type { ObservedDevice } from './view/index.ts';

export interface ObserverOptions {
  readonly clock: Clock;
  /** Below it lie `sys`, `proc`, `run/udev/data` and `dev`. */
  readonly root: string;
  readonly policy?: HardwarePolicy | undefined;
  /** Absent: smartctl is not permitted. */
  readonly smart?: SmartSource | undefined;
  /** Whether disks may be opened. */
  readonly probe: boolean;
  /** In place of what is below `root`. */
  readonly tree?: TreeReader | undefined;
  readonly openDevice?: OpenDevice | undefined;
  readonly probeIntervalMs?: number | undefined;
}

/** Everything of one look, in canonical order. */
export interface HardwareLook {
  readonly snapshot: HardwareSnapshot;
  readonly devices: readonly ObservedDevice[];
  readonly health: ReadonlyMap<string, MonitoredHealth>;
}

const PROBE_INTERVAL_MS = 15 * 60_000;

interface Probed {
  readonly result: ProbeResult;
  /** As it was then, and has been since: of one that has changed the result says nothing any more. */
  readonly device: Device;
  /** Monotonic. */
  readonly atMs: number;
}

interface LastLook {
  /** The newest that says the same as the snapshot of the look, and shares most of its folders with the next one. */
  readonly scanned: HardwareSnapshot;
  readonly look: HardwareLook;
  readonly parsed: readonly Device[];
  /** As if no disk had been opened: what an old probe has found must not decide whether there is another one. */
  readonly unprobed: readonly DeviceAssessment[];
}

export class HardwareObserver {
  readonly #options: ObserverOptions;
  readonly #scanner: HardwareScanner;
  readonly #monitor: HealthMonitor;
  readonly #probed = new Map<string, Probed>();
  #last: LastLook | null = null;

  constructor(options: ObserverOptions) {
    const { clock, smart, policy, root, tree = treeAt(root) } = options;
    this.#options = options;
    this.#scanner = new HardwareScanner(tree);
    this.#monitor = new HealthMonitor({ reader: tree, clock, smart, thresholds: policy?.thresholds });
  }

  /** Never rejects for what the tree holds, or for what a disk does. The same object as the last time when all is as it was. */
  async look(): Promise<HardwareLook> {
    const { policy = {} } = this.#options;
    const scanned = this.#scanner.scan();
    const last = this.#last !== null && isSameSnapshot(this.#last.scanned, scanned) ? this.#last : null;
    const snapshot = last?.look.snapshot ?? scanned;
    const devices = last?.parsed ?? devicesOf(snapshot, policy);
    const health = await this.#monitor.look(devices);
    const isHealthSame = last?.look.health === health;
    const findings: Findings = { failing: failingOf(health) };
    const unprobed = isHealthSame ? last.unprobed : assessDevices(snapshot, devices, { ...policy, ...findings });
    const hasProbeNews = await this.#probe(unprobed);
    if (isHealthSame && !hasProbeNews) {
      this.#last = { ...last, scanned };
      return last.look;
    }
    const probes = new Map([...this.#probed].map(([id, { result }]) => [id, result]));
    const assessed =
      probes.size === 0 ? unprobed : assessDevices(snapshot, devices, { ...policy, ...findings, probes });
    const look = { snapshot, health, devices: assessed.flatMap((one) => observed(one, health)) };
    this.#last = { scanned, look, parsed: devices, unprobed };
    return look;
  }

  /** @returns whether anything new was learnt. */
  async #probe(unprobed: readonly DeviceAssessment[]): Promise<boolean> {
    const { clock, root, openDevice, probe } = this.#options;
    if (!probe) return false;
    const nowMs = clock.monotonic();
    const candidates = new Set(probeCandidates(unprobed));
    const before = new Map(this.#probed);
    this.#probed.clear();
    const due: Device[] = [];
    for (const one of unprobed.filter(({ device }) => candidates.has(device))) {
      const known = before.get(one.device.id);
      if (known === undefined || this.#isDue(one, known, nowMs)) due.push(one.device);
      else this.#probed.set(one.device.id, { ...known, device: one.device });
    }
    const found = await probeDevices(due, { root, ...(openDevice !== undefined && { openDevice }) });
    for (const device of due) {
      const result = found.get(device.id);
      if (result !== undefined) this.#probed.set(device.id, { result, device, atMs: nowMs });
    }
    return due.some(({ id }) => !isDeepStrictEqual(found.get(id), before.get(id)?.result));
  }

  #isDue({ device, uses }: DeviceAssessment, { result, device: then, atMs }: Probed, nowMs: number): boolean {
    const { policy, probeIntervalMs = PROBE_INTERVAL_MS } = this.#options;
    if (nowMs - atMs >= probeIntervalMs) return true;
    // Whoever asks a disk again that has hung waits again, and each question holds a thread.
    if (result.kind === 'unreadable') return false;
    if (!isAsProbed(device, then)) return true;
    // That these are free the probe alone has said, and who takes them may leave no trace: the answer holds for one look.
    const isForced = policy?.force?.has(device.id) === true || policy?.force?.has(device.kernelName) === true;
    return result.kind === 'free' && (isForced || uses.some(({ presumed }) => presumed === true));
  }
}

/** Commands are counted as they are done, by the probe itself among others. */
function isAsProbed(device: Device, then: Device): boolean {
  if (device === then) return true;
  return isDeepStrictEqual({ ...device, commands: null, origins: {} }, { ...then, commands: null, origins: {} });
}

function observed(one: DeviceAssessment, health: HardwareLook['health']): readonly ObservedDevice[] {
  const monitored = health.get(one.device.id);
  return monitored === undefined ? [] : [{ ...one, health: monitored.report }];
}

/** What is failing is not offered; the evidence is what says so. */
function failingOf(health: ReadonlyMap<string, MonitoredHealth>): NonNullable<Findings['failing']> {
  const failing = [...health].filter(([, { report }]) => report.state === 'Unhealthy');
  return new Map(
    failing.map(([id, { report }]) => [
      id,
      {
        reason: `it is unhealthy: ${report.reason}`,
        evidence: report.evidence
          .filter(({ verdict }) => verdict === 'Unhealthy')
          .map(({ source, attribute, value, detail }) => ({
            path: attribute.startsWith('/') ? attribute : `${source}: ${attribute}`,
            value: String(value),
            note: detail,
          })),
      },
    ]),
  );
}
