/** The operator as a process of its own, on a stage. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rssMiBOf } from './child-memory.ts';
import type { FleetStage } from './fleet-stage.ts';

export interface OperatorProcess {
  /** Resident set, MiB; undefined where the system does not say (other than Linux). */
  rssMiB(): number | undefined;
  /** Rounds of planning that ended. */
  roundCount(): Promise<number>;
  stop(): Promise<void>;
}

const main = join(import.meta.dirname, '..', 'control-plane', 'src', 'main.ts');

/** Plans as often as it can be told to. */
export async function startOperator(stage: FleetStage): Promise<OperatorProcess> {
  const { sandbox, prometheus, mayastorUrl } = stage;
  const ports = ['--metrics-host', '127.0.0.1', '--metrics-port', '0', '--probe-port', '0', '--api-port', '0'];
  const systems = ['--mayastor-url', mayastorUrl, '--prometheus-url', prometheus.url];
  const kubernetes = ['--kubeconfig', sandbox.kubeconfigFile, '--namespace', 'default'];
  const flags = [...kubernetes, ...systems, ...ports, '--reconcile-interval', '1s', '--log-json'];
  const child = spawn(process.execPath, ['--no-warnings', main, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const serving = Promise.withResolvers<string>();
  lines.on('line', (line) => {
    const { metrics } = JSON.parse(line) as { metrics?: string };
    if (metrics !== undefined) serving.resolve(metrics);
  });
  child.once('exit', () => serving.reject(new Error('the operator ended before it served anything')));
  const metricsUrl = `${await serving.promise}/metrics`;
  return {
    rssMiB: () => rssMiBOf(child.pid),
    roundCount: async () => {
      const text = await (await fetch(metricsUrl)).text();
      return Number(/^storage_operator_round_duration_seconds_count (\d+)/m.exec(text)?.[1] ?? 0);
    },
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
