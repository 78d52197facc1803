/**
 * `couchestor-operator` as its main module assembles it, but for a faster clock, and for its fate: at the marked boundary that it
 * is told it kills or stops itself there and then. It begins when it is told to, so that a successor can be ready; and it tells
 * every boundary that it passes by a line in a file, which outlives it.
 */
import { appendFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { createLogger, loadConfig, type Clock, type ConfigSpec, type Logger } from '@couchestor/common/base';
import type { MigrationReconcilerOptions } from '@couchestor/control-plane/hands';
import { KubeConfig } from '@kubernetes/client-node';
import { FastClock, type Pace } from './fast-clock.ts';

/** What the main module uses of the process; no other package has an entry to it. */
interface Application {
  readonly runOperator: (
    options: {
      readonly config: object;
      readonly kubeConfig: KubeConfig;
      readonly version: string;
      readonly clock: Clock;
      readonly logger: Logger;
      readonly mark: MigrationReconcilerOptions['mark'];
    },
    signal: AbortSignal,
  ) => Promise<void>;
}

export interface Fate {
  readonly mark: string;
  /** Another one that has to be passed before, after it was told. */
  readonly since: string | undefined;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export type Order =
  | { readonly kind: 'begin' }
  | { readonly kind: 'fate'; readonly fate: Fate }
  | { readonly kind: 'pace'; readonly pace: Pace };

const sources = '../../../control-plane/src';
const { runOperator } = (await import(`${sources}/app/operator.ts`)) as Application;
const { options } = (await import(`${sources}/config.ts`)) as { readonly options: ConfigSpec };

const { PACE = '', MARKS = '' } = process.env;
const loaded = loadConfig(options, {
  argv: process.argv.slice(2),
  env: {},
  readFile: () => '',
  usage: '',
});
if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded));
const { config } = loaded;
const kubeConfig = new KubeConfig();
kubeConfig.loadFromFile(String(config.kubeconfig));

const clock = new FastClock(JSON.parse(PACE) as Pace);
let fate: Fate | undefined;
function mark(name: string): Promise<void> | undefined {
  appendFileSync(MARKS, `${name}\n`);
  if (fate === undefined) return undefined;
  if (fate.since === name) fate = { ...fate, since: undefined };
  if (fate.since !== undefined || fate.mark !== name) return undefined;
  const { signal } = fate;
  fate = undefined;
  process.kill(process.pid, signal);
  // One that was stopped goes on from here.
  return signal === 'SIGSTOP' ? undefined : new Promise(() => undefined);
}

const begun = Promise.withResolvers<undefined>();
process.on('message', (order: Order) => {
  if (order.kind === 'begin') begun.resolve(undefined);
  else if (order.kind === 'pace') clock.setPace(order.pace);
  else fate = order.fate;
  process.send?.('understood');
});
// Nobody is left to watch it.
process.on('disconnect', () => process.exit(3));
// One that is killed would leave nothing to those that start after it.
flushCompileCache();
process.send?.('ready');
await begun.promise;

const logger = createLogger({ level: 'info', json: false });
try {
  await runOperator({ config, kubeConfig, version: 'under test', clock, logger, mark }, new AbortController().signal);
  process.exit(0);
} catch (error) {
  logger.error('This process cannot go on.', { error });
  process.exit(1);
}
