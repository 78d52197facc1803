#!/usr/bin/env node
/**
 * `couchestor-sandbox`: the sandbox Kubernetes API as a process of its own, with a Mayastor in it if asked for. All that it
 * writes to standard output is where everything is, one line each, once everything is ready.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { createLogger, loadConfig, realClock } from '@couchestor/common/base';
import { parseAllDocuments } from 'yaml';
import { options } from './config.ts';
import { ApiError, KubeApiServer } from './kube/index.ts';
import type { JsonObject } from './kube/index.ts';
import { ControlServer, MayastorStandIn } from './mayastor/index.ts';

const usage = `Usage: couchestor-sandbox [OPTION]...

A Kubernetes API server that needs no cluster: kubectl, helm and clients work on it, pods are stored and not run.
With --mayastor-release there is an OpenEBS Mayastor in it: volumes that move, rebuild and are measured, and hold no data.`;

function fail(problems: readonly string[]): never {
  for (const problem of problems) process.stderr.write(`couchestor-sandbox: ${problem}\n`);
  process.exit(2);
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** What the file system refuses, said of the flag that asked for it. */
function asked<T>(flag: string, remedy: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    return fail([`flag --${flag}: ${error instanceof Error ? error.message : String(error)}; ${remedy}.`]);
  }
}

/** As {@link asked}, of what keeps a Mayastor from starting: its port, or objects that are there already. */
function mayastorFailed(error: unknown): never {
  if (error instanceof ApiError) {
    const remedy = 'give the release that the data directory was made with, or another --data-dir';
    fail([`flag --mayastor-release: ${error.message}; ${remedy}.`]);
  }
  return portTaken('mayastor-port', error);
}

function portTaken(flag: string, error: unknown): never {
  if (error instanceof Error && 'syscall' in error && error.syscall === 'listen') {
    fail([`flag --${flag}: ${error.message}; give a free port, or 0 for any.`]);
  }
  throw error;
}

/** The objects in the YAML files of a directory, in the order of the file names. */
function readManifests(directory: string): JsonObject[] {
  const files = readdirSync(directory).filter((file) => /\.(ya?ml|json)$/.test(file));
  return files.toSorted().flatMap((file) => {
    const documents = parseAllDocuments(readFileSync(join(directory, file), 'utf8'));
    const mistake = documents.flatMap(({ errors }) => errors)[0];
    if (mistake !== undefined) throw new Error(`${join(directory, file)}: ${mistake.message}`);
    return documents.map((document) => document.toJS() as JsonObject | null).filter((object) => object !== null);
  });
}

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
  const text = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  process.stdout.write(`couchestor-sandbox ${(JSON.parse(text) as { version: string }).version}\n`);
  process.exit(0);
}
if (loaded.kind === 'invalid') fail(loaded.problems);
const { config } = loaded;
if (!config.allowRemote && !isLoopback(config.host)) {
  fail([`flag --host: ${config.host} is reachable from other machines; add --allow-remote if that is meant.`]);
}
if (config.exporterTargets !== undefined && config.mayastorRelease === 'none') {
  fail(['flag --exporter-targets: there are no exporters; add --mayastor-release, or leave the flag out.']);
}
if (config.controlPort !== undefined && config.mayastorRelease === 'none') {
  fail(['flag --control-port: there is nothing to control; add --mayastor-release, or leave the flag out.']);
}

const logger = createLogger({
  level: config.logLevel,
  json: config.logJson,
  destination: { write: (line) => void process.stderr.write(line) },
});
const directories = config.crds?.split(',') ?? [];
const manifests = asked('crds', 'give directories of YAML files, separated by commas', () =>
  directories.map(readManifests),
);
const kubeconfig = resolve(config.kubeconfig);
asked('kubeconfig', 'give a file in a directory that exists and can be written', () =>
  closeSync(openSync(kubeconfig, 'a', 0o600)),
);
const targets = config.exporterTargets === undefined ? undefined : resolve(config.exporterTargets);
asked('exporter-targets', 'give a file in a directory that exists and can be written', () => {
  if (targets !== undefined) closeSync(openSync(targets, 'a'));
});

/** Starts the Mayastor that is asked for, if any, and says where it is. */
async function startMayastor(kube: KubeApiServer): Promise<{ lines: readonly string[]; stop: () => Promise<void> }> {
  const { host, mayastorRelease: release, mayastorPort: port, scenarioVolumes: volumes } = config;
  const { staleness: stalenessMs, rebuildRate: rebuildBytesPerSecond } = config;
  if (release === 'none') return { lines: [], stop: () => Promise.resolve() };
  const options = { kube, clock: realClock, release, host, port, volumes, stalenessMs, rebuildBytesPerSecond };
  const mayastor = await MayastorStandIn.start(options).catch(mayastorFailed);
  const control = await startControl(mayastor);
  if (targets !== undefined) writeFileSync(targets, `${JSON.stringify(mayastor.exporters.targetGroups, null, 2)}\n`);
  const exporters = mayastor.exporters.targets.map((target) => `http://${target}/metrics`);
  const where = targets === undefined ? '' : ` targets ${targets}`;
  return {
    lines: [
      `ready: mayastor ${release} ${mayastor.url}/v0`,
      `ready: exporters ${exporters.join(' ')}${where}`,
      ...(control === undefined ? [] : [`ready: control ${control.url}`]),
    ],
    stop: async () => {
      await control?.stop();
      await mayastor.stop();
    },
  };
}

async function startControl({ cluster, scenario }: MayastorStandIn): Promise<ControlServer | undefined> {
  const { host, controlPort: port } = config;
  if (port === undefined) return undefined;
  const options = { cluster, volumes: scenario.volumes, host, port };
  return ControlServer.start(options).catch((error: unknown) => portTaken('control-port', error));
}

try {
  const { host, port, dataDir } = config;
  const server = await KubeApiServer.start({ host, port, logger, ...(dataDir === undefined ? {} : { dataDir }) });
  for (const objects of manifests) server.apply(objects);
  const mayastor = await startMayastor(server);
  writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
  const stop = (signal: string): void => {
    logger.info('stopping', { signal });
    void mayastor
      .stop()
      .then(() => server.stop())
      .then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const lines = [`ready: ${server.url} kubeconfig ${kubeconfig}`, ...mayastor.lines];
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
} catch (error) {
  logger.debug('the start failed', { error });
  fail([error instanceof Error ? error.message : String(error)]);
}
