/**
 * Everything the demo runs on, started and stopped as one: a Kubernetes API and a Mayastor in the sandbox, a Prometheus, and
 * the operator with the adapters that it has in production, told where these are.
 */
import { join } from 'node:path';
import { connect, DemoApi } from './api.ts';
import { DemoMayastor, type DemoVolume } from './mayastor.ts';
import { DemoOperator, type OperatorUrls, type ToldDecision } from './operator.ts';
import { DemoPrometheus } from './prometheus.ts';
import { DemoSandbox, type SandboxOptions } from './sandbox.ts';
import { hasEnded, type Sight } from './sight.ts';

const POLICIES_FILE = join(import.meta.dirname, 'tiering.yaml');

/** Of the policies in the file. */
const WATCHED_CLASSES = ['mayastor-2', 'mayastor-pinned'];

/** URLs, and the path of a file. */
export interface Endpoints {
  readonly kubeconfig: string;
  readonly kubernetes: string;
  readonly mayastor: string;
  readonly exporters: readonly string[];
  /** Of the sandbox: tells of violations, and plays the applications. */
  readonly control: string;
  readonly prometheus: string;
  readonly operator: OperatorUrls;
}

export class DemoWorld {
  readonly sandbox = new DemoSandbox();
  readonly operator = new DemoOperator();
  #prometheus: DemoPrometheus | undefined;
  #api: DemoApi | undefined;
  #mayastor: DemoMayastor | undefined;
  #volumes: readonly DemoVolume[] = [];
  /** Told before the operator went away. */
  #decisions: readonly ToldDecision[] = [];

  /** The cluster, with the policies in it; Prometheus has an address, and is not there yet. */
  async start(options: SandboxOptions): Promise<void> {
    await this.sandbox.start(options);
    const exporters = this.sandbox.exporters;
    this.#prometheus = await DemoPrometheus.create(() => exporters);
    this.#api = new DemoApi(connect(this.sandbox.kubeconfig));
    this.#mayastor = new DemoMayastor(this.sandbox);
    const volumes = await this.#mayastor.volumes();
    this.#volumes = volumes.filter(({ claim }) => WATCHED_CLASSES.includes(claim.storageClassName));
    await this.#api.apply(POLICIES_FILE);
  }

  async startOperator(): Promise<void> {
    const { kubeconfig, mayastorUrl } = this.sandbox;
    await this.operator.start({ kubeconfig, mayastorUrl, prometheusUrl: this.prometheus.url });
  }

  get prometheus(): DemoPrometheus {
    return started(this.#prometheus);
  }

  get api(): DemoApi {
    return started(this.#api);
  }

  get mayastor(): DemoMayastor {
    return started(this.#mayastor);
  }

  /** What was said by a process that ended without having been told to; undefined: none has. */
  get deathCry(): string | undefined {
    const { sandbox, operator } = this;
    if (sandbox.deathCry !== undefined) return `the sandbox ended:\n${sandbox.deathCry}`;
    return operator.deathCry === undefined ? undefined : `the operator ended:\n${operator.deathCry}`;
  }

  /** Thrown when the cluster does not answer: Error. */
  async look(): Promise<Sight> {
    const [told, migrations, tiers] = await Promise.all([
      this.operator.decisions().catch(() => undefined),
      this.api.migrations(),
      this.mayastor.tiers(),
    ]);
    if (told !== undefined) this.#decisions = told.items;
    const decisionOf = new Map(this.#decisions.map(({ decision }) => [decision.volumeId, decision]));
    const volumes = this.#volumes.map((volume) => ({
      volume,
      name: `${volume.claim.namespace}/${volume.claim.name}`,
      tiers: tiers.get(volume.volumeId) ?? '?',
      decision: decisionOf.get(volume.volumeId),
      migration: migrations.find((one) => one.spec.volumeId === volume.volumeId && !hasEnded(one)),
    }));
    return { volumes, migrations, isFresh: told?.round.fresh === true };
  }

  /** Where everything is. */
  get endpoints(): Endpoints {
    const { kubeconfig, kubernetesUrl, mayastorUrl, controlUrl, exporters } = this.sandbox;
    return {
      kubeconfig,
      kubernetes: kubernetesUrl,
      mayastor: `${mayastorUrl}/v0`,
      exporters: exporters.map((address) => `http://${address}/metrics`),
      control: controlUrl,
      prometheus: this.prometheus.url,
      operator: this.operator.urls,
    };
  }

  /** At any time, also in the middle of a start; nothing can be started afterwards. */
  async close(): Promise<void> {
    await this.operator.close();
    await this.#prometheus?.close();
    await this.sandbox.close();
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the sandbox is not up');
  return part;
}
