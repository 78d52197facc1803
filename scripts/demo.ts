/**
 * `npm run demo`: what CoucheStor does today, on a sandbox, end to end. Every line that is printed comes from the running
 * system; a step that does not show what it promises ends the demo with an error.
 */
import { nullLogger, realClock } from '@couchestor/common/base';
import { KubeClient, KubernetesStoragePolicies } from '@couchestor/control-plane/adapters/kubernetes';
import { runController, StoragePolicyReconciler, WorkQueue } from '@couchestor/control-plane/loop';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, DemoApi, type Policy } from './demo/api.ts';
import { DemoSandbox } from './demo/sandbox.ts';

const USAGE = `Usage: npm run demo [-- --keep]

Starts the sandbox Kubernetes API, applies policies, runs the control plane's loop on it, kills the API, wipes it, and
shows at each step what happened. Takes about ten seconds, needs no cluster, and leaves nothing behind.

  --keep  leave the sandbox running at the end and say how to use it; Ctrl-C stops it
`;

const examples = join(import.meta.dirname, '..', 'crds', 'examples');
const print = (text: string): void => void process.stdout.write(`${text}\n`);
let steps = 0;
const step = (title: string): void => print(`\n${++steps}. ${title}\n`);
const indent = (text: string): string => text.replace(/^/gm, '   ');

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<{ value: T; ms: number }> {
  const started = performance.now();
  while (performance.now() - started < 30_000) {
    const value = await look().catch(() => undefined);
    if (value !== undefined) return { value, ms: Math.round(performance.now() - started) };
    await realClock.sleep(50);
  }
  throw new Error(`waited 30 s in vain: ${what}`);
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the demo did not show what it promises: ${what}`);
}

const conditions = (policy: Policy): string =>
  (policy.status?.conditions ?? [])
    .map(({ type, status, reason, message }) => `${type}=${status} (${reason}): ${message}`)
    .join('\n');

const observed = (policy: Policy): boolean => policy.status?.observedGeneration === policy.metadata.generation;

async function show(sandbox: DemoSandbox, signal: AbortSignal): Promise<void> {
  step('A Kubernetes API in one process, with the definitions of StoragePolicy and VolumeMigration');
  print(indent(await sandbox.start()));
  const transport = connect(sandbox.kubeconfig);
  const api = new DemoApi(transport);

  step('Three policies: tiny, typical and cautious');
  for (const name of ['tiny', 'typical', 'cautious']) {
    const applied = await api.apply(join(examples, `${name}.yaml`));
    check(applied.kind === 'applied', `${name} is accepted`);
  }
  print(indent(await api.table()));

  step('A policy that cannot be meant is refused, with the field and the remedy');
  const refused = await api.apply(join(examples, 'tiny.yaml'), (spec) => {
    spec.lowWatermarkIOPS = 9000;
    spec.samplingWindow = '1 hour';
    spec.nvmePoolSelector = spec.hotPoolSelector;
  });
  check(refused.kind === 'refused', 'a broken policy is refused');
  if (refused.kind === 'refused') print(indent(refused.message.replace(/, (?=spec\.)/g, ',\n')));

  step("The control plane's loop says on every policy whether it is in force");
  const client = new KubeClient({ transport, clock: realClock });
  const policies = new KubernetesStoragePolicies({
    client,
    timing: { suspectRetryMs: 500, backoffMaxMs: 1_000 },
  });
  const running = Promise.all([
    policies.informer.run(signal),
    runController(
      {
        queue: new WorkQueue({ clock: realClock }),
        reconciler: new StoragePolicyReconciler({ policies, clock: realClock, logger: nullLogger }),
        subscribe: (changed) => policies.subscribe(changed),
        workers: 2,
        resyncMs: 60_000,
        clock: realClock,
        logger: nullLogger,
      },
      signal,
    ),
  ]);
  const edited = await api.apply(join(examples, 'typical.yaml'), (spec) => (spec.ecPolicyRef = 'archive'));
  check(edited.kind === 'applied', 'a policy may name an archive');
  const archive = await eventually('the archive is reported', async () => {
    const policy = await api.policy('typical');
    return observed(policy) && conditions(policy).includes('ArchiveUnsupported') ? policy : undefined;
  });
  print(
    indent(`typical, which asks for an erasure-coded archive that does not exist yet:\n${conditions(archive.value)}`),
  );
  print(`\n${indent(await api.table())}`);

  step('kill -9 of the API: nothing that was acknowledged is lost, and the loop goes on where it was');
  const before = await api.policy('typical');
  await sandbox.kill();
  print(indent(`killed; ${await sandbox.start()}`));
  const after = await eventually('the API is back', () => api.policy('typical'));
  check(after.value.metadata.resourceVersion === before.metadata.resourceVersion, 'the policy survived as it was');
  await api.apply(join(examples, 'tiny.yaml'), (spec) => (spec.highWatermarkIOPS = 7000));
  const caughtUp = await eventually('the loop sees the change', async () => {
    const policy = await api.policy('tiny');
    return observed(policy) ? policy : undefined;
  });
  print(
    indent(
      `typical is at revision ${after.value.metadata.resourceVersion} as before; a change to tiny was seen ${caughtUp.ms} ms after it was made`,
    ),
  );

  step('The API loses every object: an empty answer is not taken for a decision to delete');
  const known = policies.informer.health().objectCount;
  const deleted: string[] = [];
  const unsubscribe = policies.informer.subscribe((change) => {
    if (change.type === 'deleted') deleted.push(change.entry.key);
  });
  await sandbox.loseObjects();
  print(indent(await sandbox.start()));
  const suspect = await eventually('the informer becomes suspicious', () => {
    const health = policies.informer.health();
    return Promise.resolve(health.state === 'suspect' ? health : undefined);
  });
  unsubscribe();
  check(deleted.length === 0 && suspect.value.objectCount === known, 'no deletion is told to anybody');
  check(policies.informer.snapshot().kind === 'refused', 'decisions are refused');
  print(indent(`suspect after ${suspect.ms} ms: ${suspect.value.message}`));
  print(
    indent(
      `Nothing was deleted: all ${known} policies are still known, and no decision is made until this is cleared up.`,
    ),
  );
  void running.catch(() => undefined);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const sandbox = new DemoSandbox();
  const stop = new AbortController();
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  try {
    await Promise.race([show(sandbox, stop.signal), interrupted.then(() => Promise.reject(new Error('interrupted')))]);
    print(
      '\nThat is what stands today (CHANGELOG.md); decisions, migrations and the erasure-coded tier are on the way.',
    );
    if (values.keep === true) {
      print(
        `\nThe sandbox goes on. In another terminal:\n\n   export KUBECONFIG=${sandbox.kubeconfig}\n   kubectl apply -f crds/examples && kubectl get spol\n\nCtrl-C stops it.`,
      );
      await interrupted;
    }
    return 0;
  } finally {
    stop.abort();
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
