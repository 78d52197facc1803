/**
 * fio, the peer of everything that moves bytes between memory and a disk: one process a sample, told the files, how long a transfer is
 * and how many are under way, and timing itself. It checks no byte.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const REMEDY = 'apt-get install fio';

/** Which files there are: each job takes its own, one after the other, beside the other jobs. */
export interface FioFiles {
  readonly folder: string;
  /** Below the folder, with `$jobnum` and `$filenum` for the numbers of job and file, from 0. */
  readonly format: string;
  readonly jobs: number;
  readonly filesPerJob: number;
  /** From the start of each. */
  readonly fileBytes: number;
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

/** @returns nanoseconds for every file once: opened, transferred, and closed, and synced before that if written. */
export async function fioNs(files: FioFiles, pattern: FioPattern): Promise<number> {
  const { folder, format, jobs, filesPerJob, fileBytes } = files;
  const { rw, blockBytes, direct, depth = 1, loops = 1 } = pattern;
  const options = {
    name: 'shards',
    'output-format': 'json',
    directory: folder,
    filename_format: format,
    numjobs: jobs,
    nrfiles: filesPerJob,
    filesize: fileBytes,
    size: fileBytes * filesPerJob,
    openfiles: 1,
    file_service_type: 'sequential',
    rw,
    bs: Math.min(blockBytes, fileBytes),
    direct: direct ? 1 : 0,
    ioengine: depth === 1 ? 'psync' : 'libaio',
    iodepth: depth,
    loops,
    // What is cached stays so, also where it opens a file once more.
    invalidate: 0,
    // As a program that does not know how long its file gets.
    ...(rw === 'write' ? { create_on_open: 1, fallocate: 'none', fsync_on_close: 1 } : {}),
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
