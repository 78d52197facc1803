#!/usr/bin/env node
/**
 * `couchestor-operator`: the control plane as a process. It exits with 0 when it was told to stop, with 2 when it was told
 * something that cannot be meant, and with 1 when it may not go on, such as after losing the lead; then it is to be started again.
 */
import './small-heap.ts';
import { existsSync, readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { CoucheStorError, createLogger, loadConfig, realClock } from '@couchestor/common/base';
import { backendProblems } from './app/backends.ts';
import { runOperator } from './app/operator.ts';
import { options } from './config.ts';
import packageJson from '../package.json' with { type: 'json' };

const usage = `Usage: couchestor-operator [OPTION]...

Watches the volumes of OpenEBS Mayastor, decides by StoragePolicies on which tier each belongs, and moves them there.`;

/** Whatever still hangs then is given up; Kubernetes grants 30 s. */
const STOP_WITHIN_MS = 10_000;

function fail(problems: readonly string[]): never {
  for (const problem of problems) process.stderr.write(`couchestor-operator: ${problem}\n`);
  process.exit(2);
}

/** From the file, or from the service account of the pod. Returns why that cannot be. */
function loadKubeConfig(config: KubeConfig, file: string | undefined): readonly string[] {
  if (file !== undefined) {
    try {
      if (!existsSync(file)) throw new Error('there is no such file');
      config.loadFromFile(file);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [`flag --kubeconfig: ${file}: ${reason}; give a kubeconfig that kubectl accepts.`];
    }
  } else if (process.env.KUBERNETES_SERVICE_HOST === undefined) {
    return ['flag --kubeconfig: is required outside of a cluster; give the flag or set KUBECONFIG.'];
  } else {
    config.loadFromCluster();
  }
  if (config.getCurrentCluster() !== null) return [];
  return [`flag --kubeconfig: ${file ?? ''} has no current cluster; set its current-context.`];
}

const { version } = packageJson;
const loaded = loadConfig(options, {
  argv: process.argv.slice(2),
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
  usage,
});
if (loaded.kind === 'help') {
  process.stdout.write(loaded.text);
  process.exit(0);
}
if (loaded.kind === 'version') {
  process.stdout.write(`couchestor-operator ${version}\n`);
  process.exit(0);
}
if (loaded.kind === 'invalid') fail(loaded.problems);
const { config } = loaded;
const kubeConfig = new KubeConfig();
const problems = [...loadKubeConfig(kubeConfig, config.kubeconfig), ...backendProblems(config)];
if (problems.length > 0) fail(problems);
const logger = createLogger({ level: config.logLevel, json: config.logJson });

const stop = new AbortController();
const onSignal = (name: string): void => {
  logger.info('Stopping.', { signal: name });
  stop.abort();
  setTimeout(() => {
    logger.error('Something did not end in time; it is given up.');
    process.exit(1);
  }, STOP_WITHIN_MS).unref();
};
process.once('SIGTERM', onSignal);
process.once('SIGINT', onSignal);

try {
  await runOperator({ config, kubeConfig, version, clock: realClock, logger }, stop.signal);
  process.exit(0);
} catch (error) {
  if (error instanceof CoucheStorError && error.code === 'invalid') fail([error.message]);
  logger.error('This process cannot go on.', { error });
  process.exit(1);
}
