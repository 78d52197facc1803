/**
 * fio, the peer of everything that moves bytes between memory and a disk: one process a sample, told the files, the length of a
 * transfer and how many jobs run at once, and timing itself. It checks no byte.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const REMEDY = 'apt-get install fio';

/** Files `J.F` of one folder, F of job J. */
export interface FioFiles {
  readonly folder: string;
  readonly fileBytes: number;
  readonly filesPerJob: number;
  readonly jobs: number;
}

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

/** @returns nanoseconds for every file once: opened, transferred, synced before it is closed if written. */
export async function fioNs({ folder, fileBytes, filesPerJob, jobs }: FioFiles, pattern: FioPattern): Promise<number> {
  const { rw, blockBytes, direct, depth = 1, loops = 1 } = pattern;
  const options = {
    name: 'shards',
    directory: folder,
    filename_format: '$jobnum.$filenum',
    nrfiles: filesPerJob,
    filesize: fileBytes,
    size: fileBytes * filesPerJob,
    openfiles: 1,
    file_service_type: 'sequential',
    numjobs: jobs,
    rw,
    bs: Math.min(blockBytes, fileBytes),
    direct: direct ? 1 : 0,
    ioengine: depth === 1 ? 'psync' : 'libaio',
    iodepth: depth,
    loops,
    // As a program that does not know how long its file gets, and leaves what is cached in the cache.
    ...(rw === 'write' ? { create_on_open: 1, fallocate: 'none', fsync_on_close: 1 } : {}),
    invalidate: 0,
    'output-format': 'json',
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const { stdout } = await run('fio', flags, { maxBuffer: 16 * 1024 * 1024 });
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as FioReport;
  const expected = fileBytes * filesPerJob * loops;
  for (const job of report.jobs) {
    if (job[rw].io_bytes !== expected) throw new Error(`fio moved ${job[rw].io_bytes} bytes, not ${expected}`);
  }
  const slowestMs = Math.max(...report.jobs.map((job) => job[rw].runtime));
  return (Math.max(slowestMs, 1) * 1e6) / loops;
}
