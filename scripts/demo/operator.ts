/** `couchestor-operator` of the demo, on the sandbox's Kubernetes API. There is no Mayastor and no Prometheus yet, and it says so. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', '..', 'control-plane', 'src', 'main.ts');
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:1';

export class DemoOperator {
  readonly #child: ChildProcess;

  constructor(kubeconfig: string) {
    const flags = {
      kubeconfig,
      'mayastor-url': NOWHERE,
      'prometheus-url': NOWHERE,
      'metrics-port': 0,
      'probe-port': 0,
      'api-port': 0,
      'log-level': 'error',
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const options = ['--no-warnings', main, '--no-leader-elect', ...args];
    this.#child = spawn(process.execPath, options, { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}
