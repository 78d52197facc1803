/**
 * The operator as a process, as it ships (one bundled file) and beside that from its sources, with the leader election, caches and
 * intervals of production unless a row says otherwise: how soon it is ready, what it takes of memory and CPU, how soon it acts again after
 * kill -9, and what a migration takes beyond the rebuild. The peers of its memory are what it is built on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleOperator } from '../../scripts/bundle.ts';
import { OperatorProcess } from '../../test/integration/control-plane/operator-process.ts';
import { findTool } from '../../test/tools.ts';
import { bareNodeMiB } from '../bare-node.ts';
import { cpuMsOf } from '../child-cpu.ts';
import { rssMiBOf } from '../child-memory.ts';
import { until } from '../cluster-watch.ts';
import { FleetStage, policyManifests } from '../fleet-stage.ts';
import { MoveStage, type MoveStageOptions } from '../move-stage.ts';
import type { Area, Row } from '../row.ts';

interface Sizes {
  readonly starts: number;
  /** What starting up threw away is collected by then. */
  readonly settleMs: number;
  readonly volumes: number;
  readonly rounds: number;
  readonly quietMs: number;
  readonly busyMs: number;
  readonly kills: number;
  readonly rebuildBytesPerSecond: number;
  /** How old answers of Mayastor may be; it really is 30 s. */
  readonly stalenessMs: readonly number[];
  /** Of the operator that is timed with a move. */
  readonly moveFlags: readonly string[];
  /** Of what the operator is built on, as it has then started. */
  readonly bareMs: number;
}

const FULL: Sizes = {
  starts: 5,
  settleMs: 20_000,
  volumes: 1_000,
  rounds: 30,
  quietMs: 60_000,
  busyMs: 180_000,
  kills: 5,
  // Not a multiple of the operator's polls.
  rebuildBytesPerSecond: 550 * 1024 ** 2,
  stalenessMs: [0, 30_000],
  moveFlags: [],
  bareMs: 5_000,
};
const SMOKE: Sizes = {
  starts: 1,
  settleMs: 1_000,
  volumes: 20,
  rounds: 1,
  quietMs: 1_000,
  busyMs: 1_000,
  kills: 1,
  rebuildBytesPerSecond: 10 * 1024 ** 3,
  stalenessMs: [0],
  moveFlags: ['--settle-time=1s', '--sync-poll-interval-seconds=1'],
  bareMs: 1_000,
};
/** Longer than some kills take. */
const SLOW_REBUILD_BYTES_PER_SECOND = 64 * 1024 ** 2;

type Programs = Readonly<Record<'bundle' | 'sources', string>>;

export const operatorProcess: Area = {
  name: 'process',
  summary: 'operator process: start, memory, CPU, kill -9, a move beyond its rebuild (peers: sources, Node, Nest)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    const folder = mkdtempSync(join(tmpdir(), 'couchestor-process-'));
    const programs = {
      bundle: join(folder, 'couchestor-operator.mjs'),
      sources: join(import.meta.dirname, '..', '..', 'control-plane', 'src', 'main.ts'),
    };
    try {
      await bundleOperator(programs.bundle);
      return [...(await fleetRows(programs, sizes)), ...(await moveRows(programs.bundle, sizes))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const row = (shape: string, subject: string, [value, unit]: readonly [number, string], peers = {}): Row => ({
  area: 'process',
  shape,
  subject,
  value,
  unit,
  peers,
});

async function fleetRows(programs: Programs, sizes: Sizes): Promise<Row[]> {
  const prometheus = findTool('prometheus');
  const promtool = findTool('promtool');
  if (prometheus.kind === 'missing' || promtool.kind === 'missing') {
    process.stderr.write(
      `process: only moves are measured: ${prometheus.kind === 'missing' ? prometheus.remedy : ''}\n`,
    );
    return [];
  }
  const tools = { prometheus: prometheus.path, promtool: promtool.path };
  const rows: Row[] = [];
  for (const volumes of [0, sizes.volumes]) {
    process.stderr.write(`process: ${volumes} volumes\n`);
    const stage = await FleetStage.start(volumes, tools);
    try {
      if (volumes > 0) await stage.watch.apply(policyManifests('class'));
      rows.push(...(await (volumes === 0 ? idleRows(stage, programs, sizes) : busyRows(stage, programs, sizes))));
    } finally {
      await stage.stop();
    }
  }
  return rows;
}

/** As in production but for ports, and for moves: a figure is of what stays as it is. */
function start(stage: FleetStage, program: string, ...flags: readonly string[]): Promise<OperatorProcess> {
  const kubernetes = [`--kubeconfig=${stage.sandbox.kubeconfigFile}`, '--namespace=default', '--dry-run'];
  const systems = [`--mayastor-url=${stage.mayastorUrl}`, `--prometheus-url=${stage.prometheus.url}`];
  return OperatorProcess.start([...kubernetes, ...systems, ...flags], {}, program);
}

const untilReady = (operator: OperatorProcess): Promise<void> =>
  until('the operator is ready', async () => (await operator.get('probes', '/readyz')).status === 200);
const untilLeading = (operator: OperatorProcess): Promise<void> =>
  until('the operator leads', async () => (await operator.metric('storage_operator_leader')) === 1);
const untilRounds = (operator: OperatorProcess, count: number): Promise<void> =>
  until(
    `${count} rounds`,
    async () => ((await operator.metric('storage_operator_round_duration_seconds_count')) ?? 0) >= count,
  );

async function idleRows(stage: FleetStage, programs: Programs, { starts, settleMs, bareMs }: Sizes): Promise<Row[]> {
  const figures = async (program: string): Promise<{ readyMs: number; idleMiB: number | undefined }> => {
    let readyMs = Infinity;
    let idleMiB: number | undefined;
    for (let begun = 1; begun <= starts; begun++) {
      const startedMs = performance.now();
      const operator = await start(stage, program);
      await untilReady(operator);
      readyMs = Math.min(readyMs, performance.now() - startedMs);
      if (begun === starts) {
        await untilLeading(operator);
        await sleep(settleMs);
        idleMiB = rssMiBOf(operator.pid);
      }
      await operator.kill();
    }
    return { readyMs, idleMiB };
  };
  const [own, sources] = [await figures(programs.bundle), await figures(programs.sources)];
  const rows = [row('no volumes', 'from start to ready', [own.readyMs, 'ms'], { sources: sources.readyMs })];
  if (own.idleMiB === undefined) return rows;
  const peers = { sources: sources.idleMiB, ...(await bareNodeMiB(bareMs)) };
  return [...rows, row('no volumes', 'memory, idle', [own.idleMiB, 'MiB RSS'], peers)];
}

async function busyRows(stage: FleetStage, programs: Programs, sizes: Sizes): Promise<Row[]> {
  const own = await memoryAfterRounds(stage, programs.bundle, sizes.rounds);
  const sources = await memoryAfterRounds(stage, programs.sources, sizes.rounds);
  if (own === undefined || sources === undefined) return [];
  const shape = `${sizes.volumes} volumes, 4 policies`;
  return [
    row(`${shape}, ${sizes.rounds} rounds a second apart`, 'memory', [own, 'MiB RSS'], { sources }),
    ...(await cpuRows(stage, programs.bundle, { shape, sizes })),
  ];
}

/** Rounds a second apart leave more garbage than any fleet does. */
async function memoryAfterRounds(stage: FleetStage, program: string, rounds: number): Promise<number | undefined> {
  const operator = await start(stage, program, '--reconcile-interval=1s');
  await untilRounds(operator, rounds);
  const memory = rssMiBOf(operator.pid);
  await operator.kill();
  return memory;
}

/** While it leads: between two rounds, and over whole intervals with their rounds. */
async function cpuRows(
  stage: FleetStage,
  program: string,
  { shape, sizes }: { shape: string; sizes: Sizes },
): Promise<Row[]> {
  const millicores = async (operator: OperatorProcess, forMs: number): Promise<number> => {
    const [beforeMs, startedMs] = [cpuMsOf(operator.pid) ?? NaN, performance.now()];
    await sleep(forMs);
    return (((cpuMsOf(operator.pid) ?? NaN) - beforeMs) / (performance.now() - startedMs)) * 1_000;
  };
  const rows: Row[] = [];
  for (const { flags, forMs, subject } of [
    { flags: ['--reconcile-interval=1h'], forMs: sizes.quietMs, subject: 'CPU between reconciles' },
    { flags: [], forMs: sizes.busyMs, subject: 'CPU with a round a minute' },
  ]) {
    const operator = await start(stage, program, ...flags);
    await untilLeading(operator);
    await untilRounds(operator, 1);
    await sleep(sizes.settleMs);
    rows.push(row(shape, subject, [await millicores(operator, forMs), 'millicores']));
    const memory = rssMiBOf(operator.pid);
    if (flags.length === 0 && memory !== undefined) {
      rows.push(row(`${shape}, a round a minute`, 'memory', [memory, 'MiB RSS']));
    }
    await operator.kill();
  }
  return rows;
}

async function moveRows(program: string, sizes: Sizes): Promise<Row[]> {
  const { kills, rebuildBytesPerSecond, moveFlags: flags } = sizes;
  process.stderr.write('process: kill -9, and moves\n');
  const rows = await recoveryRows(program, kills);
  for (const stalenessMs of sizes.stalenessMs) {
    rows.push(...(await timelineRows(program, { rebuildBytesPerSecond, stalenessMs, flags })));
  }
  return rows;
}

async function recoveryRows(program: string, kills: number): Promise<Row[]> {
  const rebuildBytesPerSecond = SLOW_REBUILD_BYTES_PER_SECOND;
  const stage = await MoveStage.start(program, { rebuildBytesPerSecond, stalenessMs: 0, flags: [] });
  try {
    const recoveries = await stage.timeRecoveries(kills);
    const worst = (of: 'leadingMs' | 'actingMs'): number =>
      Math.max(...recoveries.map((recovery) => recovery[of])) / 1_000;
    const shape = `kill -9 during a move, the worst of ${kills}`;
    return [
      row(shape, 'until it leads', [worst('leadingMs'), 's']),
      row(shape, 'until the move goes on', [worst('actingMs'), 's']),
    ];
  } finally {
    await stage.stop();
  }
}

async function timelineRows(program: string, options: MoveStageOptions): Promise<Row[]> {
  const stage = await MoveStage.start(program, options);
  try {
    const move = await stage.timeMove();
    const shape = `a move of 20 GiB, answers up to ${options.stalenessMs / 1_000} s old`;
    const seconds = (subject: string, ms: number): Row => row(shape, subject, [ms / 1_000, 's']);
    const beyondMs = move.totalMs - move.rebuildMs;
    return [
      seconds('in all', move.totalMs),
      seconds('rebuild', move.rebuildMs),
      seconds('beyond the rebuild', beyondMs),
      seconds('beyond rebuild and settling', beyondMs - move.settlingMs),
      seconds('- until the rebuild begins', move.addingMs),
      seconds('- until its end is known', move.noticingMs),
      seconds('- settling', move.settlingMs),
      seconds('- removing the old replica', move.removingMs),
    ];
  } finally {
    await stage.stop();
  }
}
