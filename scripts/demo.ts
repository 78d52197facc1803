/**
 * `npm run demo`: what CoucheStor does today, on a sandbox, end to end. Every line that is printed comes from the running
 * system; a step that does not show what it promises ends the demo with an error.
 */
import { realClock } from '@couchestor/common/base';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, DemoApi } from './demo/api.ts';
import { DemoOperator, type OperatorWorld, type ToldDecision, type ToldDecisions } from './demo/operator.ts';
import { DemoPrometheus } from './demo/prometheus.ts';
import { DemoSandbox } from './demo/sandbox.ts';
import { table } from './demo/table.ts';

const USAGE = `Usage: npm run demo [-- --keep]

Starts a sandbox with a Kubernetes API and a Mayastor whose volumes have I/O, scrapes it, runs the operator on it, and shows
what would be done with every volume and why; then takes Prometheus away, kills the operator, and empties the Kubernetes
API. Takes about a minute, needs no cluster, and leaves nothing behind.

  --keep  leave everything running at the end and say how to use it; Ctrl-C stops it
`;

const VOLUMES = 14;
const manifest = join(import.meta.dirname, 'demo', 'tiering.yaml');
const print = (text: string): void => void process.stdout.write(`${text}\n`);
let steps = 0;
const step = (title: string): void => print(`\n${++steps}. ${title}\n`);
const indent = (text: string): string => text.replace(/^/gm, '   ');
/** Paragraphs as a terminal shows them. */
const wrapped = (text: string): string => text.replace(/(.{1,110})(?:\s+|$)/g, '$1\n').trimEnd();

const sandbox = new DemoSandbox();
const operator = new DemoOperator();
let prometheus: DemoPrometheus | undefined;

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<{ value: T; ms: number }> {
  const started = performance.now();
  while (performance.now() - started < 60_000) {
    if (operator.deathCry !== undefined) throw new Error(`the operator ended:\n${operator.deathCry}`);
    const value = await look().catch(() => undefined);
    if (value !== undefined) return { value, ms: Math.round(performance.now() - started) };
    await realClock.sleep(100);
  }
  throw new Error(`waited a minute in vain: ${what}`);
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the demo did not show what it promises: ${what}`);
}

const moves = ({ items }: ToldDecisions): ToldDecision[] => items.filter(({ decision }) => decision.outcome === 'Move');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const nameOf = ({ decision }: ToldDecision): string =>
  decision.claim === undefined ? decision.volumeName : `${decision.claim.namespace}/${decision.claim.name}`;

function decisionTable({ items }: ToldDecisions): string {
  const rows = items.map((told) => {
    const { heat, from, to = '', outcome, code } = told.decision;
    return [
      nameOf(told),
      from,
      to,
      heat.known ? Math.round(heat.iops ?? 0).toLocaleString('en-US') : '?',
      outcome,
      code,
    ];
  });
  return table([['CLAIM', 'NOW', 'WANTED', 'IOPS', 'OUTCOME', 'CODE'], ...rows]);
}

/** Decisions of a fresh round that satisfy `holds`. */
function decided(what: string, holds: (told: ToldDecisions) => boolean): Promise<{ value: ToldDecisions; ms: number }> {
  return eventually(what, async () => {
    const told = await operator.decisions();
    return told.round.fresh && holds(told) ? told : undefined;
  });
}

/** Where every replica is, as Mayastor says. */
async function replicas(): Promise<string> {
  const response = await fetch(`${sandbox.mayastorUrl}/v0/volumes?max_entries=0`);
  const { entries } = (await response.json()) as {
    entries: { spec: { uuid: string; num_replicas: number }; state: { replica_topology: Record<string, unknown> } }[];
  };
  return entries
    .map(
      ({ spec, state }) => `${spec.uuid} ${spec.num_replicas} ${Object.keys(state.replica_topology).sort().join(' ')}`,
    )
    .sort()
    .join('\n');
}

async function showPolicies(api: DemoApi): Promise<void> {
  step('Two policies; one that cannot be meant is refused, with the field and the remedy');
  const applied = await api.apply(manifest);
  check(applied.kind === 'applied', 'the policies are accepted');
  const refused = await api.apply(manifest, (spec) => {
    spec.lowWatermarkIOPS = 9000;
    spec.samplingWindow = '1 hour';
  });
  check(refused.kind === 'refused', 'a broken policy is refused');
  if (refused.kind === 'refused') print(indent(refused.message.replace(/, (?=spec\.)/g, ',\n')));
}

async function showDecisions(api: DemoApi): Promise<ToldDecisions> {
  step('The operator starts: as long as too little is known of the I/O, nothing would be moved');
  const first = await decided('a first round', ({ items }) => items.length > 0);
  check(moves(first.value).length === 0, 'unknown heat moves nothing');
  print(indent(decisionTable(first.value)));

  step('Some seconds of samples later, every volume has a decision');
  const { value, ms } = await decided('the moves that the I/O asks for', (told) => moves(told).length >= 2);
  print(indent(decisionTable(value)));
  print(`\n   after ${seconds(ms)}, and each decision explains itself:\n`);
  const shown = ['Move', 'Wait', 'Blocked', 'Stay'].flatMap(
    (outcome) => value.items.find(({ decision }) => decision.outcome === outcome) ?? [],
  );
  for (const { decision } of shown) print(`${indent(wrapped(decision.explanation))}\n`);
  const written = await eventually('the policies tell it', async () => {
    const policy = await api.policy('tiering');
    return (policy.status?.decisionCounts?.move ?? 0) > 0 ? api.table() : undefined;
  });
  print(indent(written.value));
  return value;
}

async function showWishes(api: DemoApi, { items }: ToldDecisions): Promise<void> {
  step('The owner of a volume has a say: kubectl annotate pvc … storage.billyronks.io/opt-out=true');
  const mover = items.find(({ decision }) => decision.outcome === 'Move');
  const claim = mover?.decision.claim;
  if (mover === undefined || claim === undefined) throw new Error('a volume that would move has a claim');
  await api.annotateClaim(claim, { 'storage.billyronks.io/opt-out': 'true' });
  const optedOut = await decided('the volume stays', (told) =>
    told.items.some(({ decision }) => decision.volumeId === mover.decision.volumeId && decision.code === 'OptedOut'),
  );
  const now = optedOut.value.items.find(({ decision }) => decision.volumeId === mover.decision.volumeId);
  print(indent(wrapped(now?.decision.explanation ?? '')));
}

async function showOutage(api: DemoApi): Promise<void> {
  step('Prometheus goes away: heat is unknown, which is not zero, and nothing would be moved');
  await prometheus?.stop();
  const blind = await eventually('the policy says that its telemetry is gone', async () => {
    const policy = await api.policy('tiering');
    const condition = policy.status?.conditions?.find(({ type }) => type === 'TelemetryHealthy');
    return condition?.status === 'False' ? condition : undefined;
  });
  const told = await operator.decisions();
  check(moves(told).length === 0, 'an outage of Prometheus moves nothing');
  print(indent(`after ${seconds(blind.ms)}: TelemetryHealthy=False (${blind.value.reason}): ${blind.value.message}`));
  const readiness = await operator.readiness();
  check(readiness.status === 503, 'readyz says so');
  print(`\n${indent(`/readyz answers ${readiness.status}:\n${readiness.text.trim()}`)}`);
  await prometheus?.resume();
  const back = await decided('heat is known again', (now) => moves(now).length > 0);
  print(`\n   It is back; ${seconds(back.ms)} later there are samples enough to decide again.`);
}

async function showCrash(world: OperatorWorld): Promise<void> {
  step('kill -9 of the operator: what it knows is in the cluster');
  const before = await operator.decisions();
  await operator.kill();
  await operator.start(world);
  const volumes = (told: ToldDecisions): string => told.items.map(({ decision }) => decision.volumeId).join();
  const after = await decided('it decides again', (told) => volumes(told) === volumes(before));
  print(`   Decides about the same ${after.value.items.length} volumes ${seconds(after.ms)} after its start.`);
}

async function showEmptiedApi(): Promise<void> {
  step('The Kubernetes API loses every policy: an empty answer is not taken for a wish');
  await sandbox.loseObjects();
  await sandbox.start(VOLUMES);
  const suspicious = await eventually('the operator becomes suspicious', async () => {
    const readiness = await operator.readiness();
    return readiness.status === 503 && readiness.text.includes('suspect') ? readiness : undefined;
  });
  print(indent(suspicious.value.text.trim()));
}

async function show(): Promise<void> {
  step('A sandbox: the Kubernetes API, and a Mayastor 2.9 with volumes that have I/O');
  await sandbox.start(VOLUMES);
  prometheus = await DemoPrometheus.start(sandbox.targets);
  const api = new DemoApi(connect(sandbox.kubeconfig));
  const world = { kubeconfig: sandbox.kubeconfig, mayastorUrl: sandbox.mayastorUrl, prometheusUrl: prometheus.url };
  print(indent(`Mayastor ${sandbox.mayastorUrl}/v0\nPrometheus ${prometheus.url}\nkubeconfig ${sandbox.kubeconfig}`));
  const before = await replicas();
  await showPolicies(api);
  await operator.start(world);
  const told = await showDecisions(api);
  await showWishes(api, told);
  await showOutage(api);
  await showCrash(world);
  check((await replicas()) === before, 'nothing was touched');
  print(`\n   Through all of this not one replica of the ${VOLUMES} volumes was touched.`);
  await showEmptiedApi();
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  try {
    await Promise.race([show(), interrupted.then(() => Promise.reject(new Error('interrupted')))]);
    print('\nThat is what stands today (CHANGELOG.md); migrations and the erasure-coded tier are on the way.');
    if (values.keep === true) {
      print(
        `\nEverything goes on. In another terminal:\n\n   export KUBECONFIG=${sandbox.kubeconfig}\n   kubectl apply -f scripts/demo/tiering.yaml && kubectl get spol\n   curl ${operator.apiUrl}\n\nCtrl-C stops it.`,
      );
      await interrupted;
    }
    return 0;
  } finally {
    await operator.stop();
    await prometheus?.stop();
    await sandbox.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(
    `demo: ${error instanceof Error ? error.message : String(error)}\n${isUsage ? `\n${USAGE}` : ''}`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
process.exit();
