import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LEASES, type LeaseTiming } from '@couchestor/control-plane/adapters/kubernetes';
import { requireTool } from '../../skips.ts';
import { Lab, until } from './lab.ts';

interface Report {
  readonly kind: 'started' | 'elected' | 'act' | 'refrained' | 'lost';
  readonly epoch?: number;
  readonly atMs?: number;
}

const QUICK: LeaseTiming = { leaseDurationMs: 2_000, renewDeadlineMs: 1_200, retryPeriodMs: 300 };

let lab: Lab;
let folder: string;
let candidates: Candidate[];

class Candidate {
  readonly process: ChildProcess;
  readonly reports: Report[] = [];
  readonly exited: Promise<unknown[]>;

  /** `wrapper` is a program, with its arguments, that runs the candidate. */
  constructor(identity: string, timing?: LeaseTiming, wrapper: readonly string[] = []) {
    const script = join(import.meta.dirname, 'candidate.ts');
    const [program = process.execPath, ...args] = [
      ...wrapper,
      process.execPath,
      script,
      join(folder, 'kubeconfig'),
      identity,
      ...(timing === undefined ? [] : [JSON.stringify(timing)]),
    ];
    this.process = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    this.exited = once(this.process, 'exit');
    createInterface({ input: this.process.stdout! }).on('line', (line) =>
      this.reports.push(JSON.parse(line) as Report),
    );
    candidates.push(this);
  }

  /** Strikes the wrapper too, which would leave the candidate behind. */
  kill(signal: NodeJS.Signals): void {
    if (this.process.exitCode === null && this.process.signalCode === null) process.kill(-this.process.pid!, signal);
  }

  get epoch(): number | undefined {
    return this.reports.find(({ kind }) => kind === 'elected')?.epoch;
  }

  get acts(): readonly number[] {
    return this.reports.filter(({ kind }) => kind === 'act').map(({ atMs = 0 }) => atMs);
  }

  async elected(): Promise<void> {
    await until(() => this.epoch !== undefined && this.acts.length > 0, 'the candidate leads');
  }
}

beforeEach(async () => {
  lab = await Lab.open();
  folder = await mkdtemp(join(tmpdir(), 'election-'));
  await writeFile(join(folder, 'kubeconfig'), lab.server.kubeconfig());
  candidates = [];
});

afterEach(async () => {
  for (const candidate of candidates) candidate.kill('SIGKILL');
  await Promise.all(candidates.map(({ exited }) => exited));
  await rm(folder, { recursive: true });
  await lab.close();
});

/** No act of one lies between two of the other: they led one after the other. */
function expectNoOverlap(first: Candidate, second: Candidate): void {
  expect(Math.max(...first.acts)).toBeLessThanOrEqual(Math.min(...second.acts));
}

describe('leader election', () => {
  it('lets a restarted process lead within 10 s of a kill -9, with the default patience', async () => {
    const first = new Candidate('a-1');
    await first.elected();
    first.kill('SIGKILL');
    await first.exited;
    const killedMs = performance.now();
    const second = new Candidate('a-2');
    await second.elected();
    expect(performance.now() - killedMs).toBeLessThan(10_000);
    expect([first.epoch, second.epoch]).toEqual([1, 2]);
    expectNoOverlap(first, second);
  });

  it('keeps a leader that was paused and overtaken from acting when it wakes up', async () => {
    const first = new Candidate('a', QUICK);
    await first.elected();
    const second = new Candidate('b', QUICK);
    first.kill('SIGSTOP');
    await second.elected();
    const overtakenMs = Math.min(...second.acts);
    first.kill('SIGCONT');
    expect(await first.exited).toEqual([3, null]);
    expect(Math.max(...first.acts)).toBeLessThan(overtakenMs);
    expect(first.reports.at(-1)).toMatchObject({ kind: 'lost' });
    expect(second.epoch).toBe(first.epoch! + 1);
    await until(() => second.acts.length > 20, 'the new leader goes on');
    expectNoOverlap(first, second);
  });

  it('hands over at once when the leader is told to stop', async () => {
    const first = new Candidate('a', { leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 300 });
    await first.elected();
    const second = new Candidate('b', QUICK);
    await until(() => second.reports.length > 0, 'the second waits');
    first.kill('SIGTERM');
    expect(await first.exited).toEqual([0, null]);
    await second.elected();
    expectNoOverlap(first, second);
  });

  it('ends a leader that the API server leaves without an answer', async () => {
    const first = new Candidate('a', QUICK);
    await first.elected();
    lab.server.faults.add({ match: { path: /leases/ }, effect: { kind: 'drop' } });
    expect(await first.exited).toEqual([3, null]);
    const lease = await (async () => {
      lab.server.faults.clear();
      return lab.admin.get(LEASES, { namespace: 'kube-system', name: 'leader' });
    })();
    expect(lease.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1 });
  });
});

const faketime = requireTool('faketime');

faketime.describe('leader election with a wall clock that is an hour ahead', () => {
  const ahead = [faketime.path, '--exclude-monotonic', '-f', '+1h'];

  it('takes no lease that is renewed, however long ago it was renewed by that clock', async () => {
    const first = new Candidate('a', QUICK);
    await first.elected();
    const second = new Candidate('b', QUICK, ahead);
    await until(() => second.reports.length > 0, 'the second waits');
    const acts = first.acts.length;
    await until(() => first.acts.length > acts + 400, 'the first leads for longer than its lease');
    expect(second.epoch).toBeUndefined();
    first.kill('SIGKILL');
    await second.elected();
    expect(second.epoch).toBe(first.epoch! + 1);
  });

  it('leaves a leader that is ahead in place', async () => {
    const first = new Candidate('a', QUICK, ahead);
    await first.elected();
    const second = new Candidate('b', QUICK);
    const acts = first.acts.length;
    await until(() => first.acts.length > acts + 400, 'the first leads for longer than its lease');
    expect(second.epoch).toBeUndefined();
  });
});
