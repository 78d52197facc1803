/**
 * Runs smartctl. Only where an operator permits it, since it needs CAP_SYS_RAWIO (CAP_SYS_ADMIN for NVMe) and asks the disk itself. A disk
 * that sleeps is left asleep, and one that does not answer costs one process that hangs in the kernel, not one in each round.
 */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CoucheStorError, isError, withDeadline, type Clock } from '@couchestor/common/base';
import type { Device } from '../model/device.ts';
import { parseSmartReport, type SmartReading } from './smart-report.ts';
import { mismatchOf, type SmartSource } from './smart-source.ts';

export interface SmartctlOptions {
  readonly clock: Clock;
  /** Below it lies `dev`. */
  readonly root: string;
  /** A name, looked up in the usual folders of the system, or a path. */
  readonly program?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** `major:minor` of the block device at a path; null where something else is there. Rejects as stat() does. */
  readonly devAt?: ((path: string) => Promise<string | null>) | undefined;
}

/** A disk that recovers from read errors by itself may need half a minute for an answer. */
const TIMEOUT_MS = 30_000;

/** The longest answers, with all logs, are a tenth of it. */
const MAX_OUTPUT_BYTES = 4 * 2 ** 20;

/** What runs with privileges is not looked up where the environment says. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin', LC_ALL: 'C' };

export class SmartctlRunner implements SmartSource {
  readonly #options: SmartctlOptions;
  /** Kernel names of disks whose process has not ended. */
  readonly #running = new Set<string>();

  constructor(options: SmartctlOptions) {
    this.#options = options;
  }

  async read(device: Device): Promise<SmartReading> {
    const node = nodeToAsk(device);
    const name = node.kernelName.replaceAll('!', '/');
    const path = join(this.#options.root, 'dev', name);
    const wrong = await wrongNode(path, node.dev, this.#options.devAt ?? devAt);
    if (wrong !== undefined) return { kind: 'nothing', reason: wrong };
    if (this.#running.has(name)) {
      return { kind: 'nothing', reason: `an earlier smartctl still waits for ${path}: look at the kernel log` };
    }
    const { clock, timeoutMs = TIMEOUT_MS, signal } = this.#options;
    try {
      const run = { clock, timeoutMs, signal, what: `smartctl ${path}` };
      const { text, exitCode } = await withDeadline(run, (aborted) => this.#run(name, path, aborted));
      const reading = parseSmartReport(text, exitCode);
      const mismatch = reading.kind === 'report' ? mismatchOf(device, reading.report) : undefined;
      return mismatch === undefined ? reading : { kind: 'nothing', reason: mismatch };
    } catch (thrown) {
      if (thrown instanceof CoucheStorError) return { kind: 'nothing', reason: thrown.message.replace(/\.$/, '') };
      return { kind: 'nothing', reason: `smartctl could not be run (${codeOf(thrown) ?? 'unknown'})` };
    }
  }

  /** Rejects where no smartctl ran to its end, with what Node says. */
  #run(name: string, path: string, signal: AbortSignal): Promise<{ text: string; exitCode: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ text: string; exitCode: number }>();
    this.#running.add(name);
    const child = execFile(
      this.#options.program ?? 'smartctl',
      ['--json', '--all', '--nocheck=standby', path],
      { env: ENVIRONMENT, signal, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES, encoding: 'utf8' },
      (error, text) => {
        if (error === null) resolve({ text, exitCode: 0 });
        else if (typeof error.code === 'number') resolve({ text, exitCode: error.code });
        else reject(signal.aborted ? (signal.reason as Error) : error);
      },
    );
    child.once('close', () => this.#running.delete(name));
    child.once('error', () => {
      // Of a process that never was there is no close.
      if (child.pid === undefined) this.#running.delete(name);
    });
    return promise;
  }
}

/**
 * Smartctl does not know what a multipath map is, so one of its paths is asked. Which device number that has is not known here; should it
 * be another disk by now, its serial number says so.
 */
function nodeToAsk(device: Device): { readonly kernelName: string; readonly dev: string | null } {
  if (device.driver !== 'dm') return device;
  const path = device.paths.find(({ state }) => state === 'running') ?? device.paths[0];
  return path === undefined ? device : { kernelName: path.kernelName, dev: null };
}

/** Why what lies at `path` is not the device; undefined where it is. Trees that were recorded have no nodes. */
async function wrongNode(
  path: string,
  expected: string | null,
  devAtPath: (path: string) => Promise<string | null>,
): Promise<string | undefined> {
  try {
    const dev = await devAtPath(path);
    if (dev === null) return `${path} is no block device`;
    return expected === null || dev === expected ? undefined : `${path} is ${dev}, not ${expected}`;
  } catch (thrown) {
    return `${path} cannot be asked (${codeOf(thrown) ?? 'unknown'})`;
  }
}

async function devAt(path: string): Promise<string | null> {
  const node = await stat(path);
  return node.isBlockDevice() ? devOf(node.rdev) : null;
}

/** How Linux packs major and minor, as glibc's gnu_dev_major() and gnu_dev_minor() do for numbers below 2^32. */
export function devOf(rdev: number): string {
  return `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
}

function codeOf(thrown: unknown): string | undefined {
  return isError(thrown) && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
