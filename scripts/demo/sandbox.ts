/** The cluster of the demo: `couchestor-sandbox` with a Kubernetes API and a Mayastor, in a temporary folder. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';

const root = join(import.meta.dirname, '..', '..');

export interface SandboxOptions {
  readonly volumes: number;
  readonly release: string;
}

export class DemoSandbox {
  readonly #child = new Child('the sandbox');
  /** Made by the start. */
  #folder = '';
  #ready = '';

  async start({ volumes, release }: SandboxOptions): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), 'couchestor-demo-'));
    this.#ready = await this.#child.start(join(root, 'sandbox/src/main.ts'), {
      port: 0,
      kubeconfig: this.kubeconfig,
      crds: join(root, 'crds'),
      'mayastor-release': release,
      'mayastor-port': 0,
      'control-port': 0,
      'scenario-volumes': volumes,
      // A sandbox lives in seconds what a cluster lives in hours.
      staleness: '500ms',
      'rebuild-rate': '6Gi',
      'exporter-targets': this.#targets,
      'log-level': 'warn',
    });
  }

  get kubeconfig(): string {
    return join(this.#folder, 'kubeconfig');
  }

  get kubernetesUrl(): string {
    return this.#found(/^ready: (https:\S+) kubeconfig/m);
  }

  get mayastorUrl(): string {
    return this.#found(/^ready: mayastor \S+ (\S+)\/v0$/m);
  }

  get controlUrl(): string {
    return this.#found(/^ready: control (\S+)$/m);
  }

  /** Host and port of each exporter. */
  get exporters(): readonly string[] {
    const groups = JSON.parse(readFileSync(this.#targets, 'utf8')) as { targets: string[] }[];
    return groups.flatMap(({ targets }) => targets);
  }

  get deathCry(): string | undefined {
    return this.#child.deathCry;
  }

  async close(): Promise<void> {
    await this.#child.close();
    if (this.#folder !== '') rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The addresses of the exporters, as Prometheus reads them. */
  get #targets(): string {
    return join(this.#folder, 'targets.json');
  }

  #found(pattern: RegExp): string {
    return pattern.exec(this.#ready)?.[1] ?? '';
  }
}
