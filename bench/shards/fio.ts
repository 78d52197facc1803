/**
 * fio, the peer of everything that moves bytes between memory and a disk: one process a sample, told the files of each job, how long
 * a transfer is and how many are under way, and timing itself. It checks no byte.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const REMEDY = 'apt-get install fio';

export interface FioPattern {
  readonly rw: 'read' | 'write';
  /** Of one transfer. */
  readonly blockBytes: number;
  /** Past the page cache. */
  readonly direct: boolean;
  /** Transfers of a job under way at once; with more than one, by libaio. Default 1. */
  readonly depth?: number;
  /** Every file is read so often, because fio counts whole milliseconds. Default 1. */
  readonly loops?: number;
  /** From the start of each file. */
  readonly fileBytes: number;
}

interface FioReport {
  readonly jobs: readonly Record<'read' | 'write', { readonly io_bytes: number; readonly runtime: number }>[];
}

/** Whether it is installed; if not, a line says how to. */
export function hasFio(): boolean {
  if (spawnSync('fio', ['--version'], { stdio: 'ignore' }).status === 0) return true;
  process.stderr.write(`bench: no column fio; install with: ${REMEDY}\n`);
  return false;
}

/**
 * @param jobs - the files of each, which it takes one after the other, beside the other jobs.
 * @returns nanoseconds for every file once: opened, transferred, and closed, and synced before that if written.
 */
export async function fioNs(jobs: readonly (readonly string[])[], pattern: FioPattern): Promise<number> {
  const { rw, blockBytes, direct, depth = 1, loops = 1, fileBytes } = pattern;
  const common = {
    'output-format': 'json',
    rw,
    bs: Math.min(blockBytes, fileBytes),
    filesize: fileBytes,
    openfiles: 1,
    file_service_type: 'sequential',
    direct: direct ? 1 : 0,
    ioengine: depth === 1 ? 'psync' : 'libaio',
    iodepth: depth,
    loops,
    // What is cached stays so, also where it opens a file once more.
    invalidate: 0,
    // As a program that does not know how long its file gets.
    ...(rw === 'write' ? { create_on_open: 1, fallocate: 'none', fsync_on_close: 1 } : {}),
  };
  const ofJobs = jobs.flatMap((paths, job) =>
    flagsOf({ name: `job${job}`, ...common, filename: paths.join(':'), size: fileBytes * paths.length }),
  );
  const { stdout } = await run('fio', ofJobs, { maxBuffer: 16 * 1024 * 1024 });
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as FioReport;
  for (const [index, job] of report.jobs.entries()) {
    const expected = fileBytes * (jobs[index]?.length ?? 0) * loops;
    if (job[rw].io_bytes !== expected) throw new Error(`fio moved ${job[rw].io_bytes} bytes, not ${expected}`);
  }
  const slowestMs = Math.max(...report.jobs.map((job) => job[rw].runtime));
  return (Math.max(slowestMs, 1) * 1e6) / loops;
}

const flagsOf = (options: Record<string, string | number>): string[] =>
  Object.entries(options).map(([name, value]) => `--${name}=${value}`);
