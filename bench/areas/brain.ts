/**
 * What a decision costs as volumes, policies and pools grow in number. There is no peer to run beside it; what counts is that
 * a volume costs the same however many there are.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { decide } from '@couchestor/control-plane/brain';
import { decisionRecord, explain } from '@couchestor/control-plane/brain/explain';
import { fleet, WAYS, type FleetSizes } from '../fleet.ts';
import type { Area, Row } from '../row.ts';
import { bestMs } from '../timing.ts';

const FULL = {
  volumes: [1_000, 10_000, 100_000],
  policies: [1, 100],
  /** Pools, and the nodes that they are on. */
  pools: [
    [30, 30],
    [300, 100],
    [600, 200],
  ],
  large: { pools: 300, nodes: 100 },
  runs: 7,
} as const;
const SMOKE = {
  volumes: [100, 200, 400],
  policies: [1, 5],
  pools: [
    [6, 6],
    [12, 4],
  ],
  large: { pools: 12, nodes: 4 },
  runs: 1,
} as const;
type Sizes = typeof FULL | typeof SMOKE;

export const brain: Area = {
  name: 'brain',
  summary: 'decisions: time by volumes, policies and pools, explanations, memory',
  run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    return Promise.resolve([
      ...byVolumes(sizes),
      ...byPolicies(sizes),
      ...byPools(sizes),
      ...whenAllWantTo(sizes),
      ...explanations(sizes),
      ...sizes.volumes.slice(0, 2).flatMap(memory),
    ]);
  },
};

const row = (shape: string, subject: string, value: number, unit: string): Row => ({
  area: 'brain',
  shape,
  subject,
  value,
  unit,
  peers: {},
});

/** Far above the tick by which some kernels count CPU time. */
const LEAST_CPU_MS = 50;

/** CPU time of this thread: a decision waits for nothing, and what else the machine does has no part in it. */
function decideMs(sizes: FleetSizes, runs: number): number {
  const input = fleet(sizes);
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const started = process.threadCpuUsage();
    let spentMs = 0;
    let count = 0;
    for (; spentMs < LEAST_CPU_MS; count += 1) {
      decide(input);
      const { user, system } = process.threadCpuUsage(started);
      spentMs = (user + system) / 1000;
    }
    best = Math.min(best, spentMs / count);
  }
  return best;
}

function byVolumes({ volumes, runs }: Sizes): Row[] {
  const [small, ...larger] = volumes;
  // The smallest runs often enough that the code is as warm for it as for the others.
  const first = decideMs({ volumes: small }, runs * 4);
  const rows = [row(`${small} volumes`, 'decide()', first, 'ms')];
  for (const count of larger) {
    const ms = decideMs({ volumes: count }, runs);
    rows.push(row(`${count} volumes`, 'decide()', ms, 'ms'));
    rows.push(row(`a volume of ${count}, to one of ${small}`, 'decide()', ms / count / (first / small), 'x'));
  }
  return rows;
}

function byPolicies({ volumes: [, count], policies, runs }: Sizes): Row[] {
  const [, many] = policies;
  const ms = (sizes: Partial<FleetSizes>): number => decideMs({ volumes: count, ...sizes }, runs);
  return [
    ...policies.map((each) =>
      row(`${count} volumes, ${each} ${each === 1 ? 'policy' : 'policies'}`, 'decide()', ms({ policies: each }), 'ms'),
    ),
    row(
      `${count} volumes, ${many} policies that all match all`,
      'decide()',
      ms({ policies: many, overlapping: true }),
      'ms',
    ),
  ];
}

function byPools({ volumes: [, count], pools, runs }: Sizes): Row[] {
  return pools.map(([pool, nodes]) => {
    // As many nodes as pools: each pool is alone on its node.
    const ms = decideMs({ volumes: count, pools: pool, nodes: nodes === pool ? undefined : nodes }, runs);
    return row(`${count} volumes, ${pool} pools on ${nodes} nodes`, 'decide()', ms, 'ms');
  });
}

/** The most that can be asked of a round: every volume should move, and of each it has to be told what is in its way. */
function whenAllWantTo({ volumes: [, count], large, runs }: Sizes): Row[] {
  const { pools, nodes } = large;
  return WAYS.map((way) =>
    row(
      `${count} volumes that should all move, ${pools} pools on ${nodes} nodes; in the way: ${way}`,
      'decide()',
      decideMs({ volumes: count, pools, nodes, allWantTo: way }, runs),
      'ms',
    ),
  );
}

function explanations({ volumes: [count], runs }: Sizes): Row[] {
  const decisions = decide(fleet({ volumes: count }));
  const each = (work: (decision: (typeof decisions)[number]) => unknown): number => {
    const ms = bestMs(runs, () => {
      for (const decision of decisions) work(decision);
    });
    return (ms * 1000) / decisions.length;
  };
  return [
    row(`a decision of ${count}`, 'explain()', each(explain), 'µs'),
    row(
      `a decision of ${count}, as JSON`,
      'decisionRecord()',
      each((decision) => JSON.stringify(decisionRecord(decision))),
      'µs',
    ),
  ];
}

interface Memory {
  readonly idleBytes: number;
  readonly heldBytes: number;
  readonly heapBytes: number;
}

/** In a process of its own, so that nothing else is measured. */
function memory(count: number): Row[] {
  const script = join(import.meta.dirname, '..', 'brain-memory.ts');
  const output = execFileSync(process.execPath, ['--no-warnings', '--expose-gc', script, String(count)], {
    encoding: 'utf8',
  });
  const { idleBytes, heldBytes, heapBytes } = JSON.parse(output) as Memory;
  const mib = (bytes: number): number => bytes / 1024 ** 2;
  return [
    row(`snapshot and decisions of ${count} volumes, live`, 'heap of Node', mib(heapBytes), 'MiB'),
    row(`snapshot and decisions of ${count} volumes`, 'process, above idle', mib(heldBytes - idleBytes), 'MiB RSS'),
    row(`snapshot and decisions of ${count} volumes`, 'process', mib(heldBytes), 'MiB RSS'),
  ];
}
