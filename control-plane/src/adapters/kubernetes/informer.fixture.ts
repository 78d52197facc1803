/** For tests: an informer of widgets on the fake API and a virtual clock, and what its subscriber was told. */
import { VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from './fake-kube-api.ts';
import type { FakeWatch } from './fake-watch.ts';
import { KubeClient } from './kube-client.ts';
import { ResourceInformer, type InformerOptions } from './resource-informer.ts';

const widgets = { group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' };
const quick = {
  livenessMs: 10_000,
  relistMs: 60_000,
  minRelistMs: 100,
  pageSize: 2,
  suspectRetryMs: 1_000,
  staleAfterMs: 30_000,
};

export const WIDGETS = '/apis/example.com/v1/widgets';

export class InformerStage {
  readonly api = new FakeKubeApi();
  readonly clock = new VirtualClock();
  readonly seen: string[] = [];
  readonly #stop = new AbortController();
  #informer: ResourceInformer<string> | undefined;
  #running: Promise<void> = Promise.resolve();

  start(options: Partial<InformerOptions<string>> = {}): void {
    const client = new KubeClient({ transport: this.api, clock: this.clock, requestsPerSecond: 1_000, burst: 1_000 });
    this.#informer = new ResourceInformer({
      client,
      resource: widgets,
      decode: (raw) => String(raw.spec),
      random: () => 0.5,
      timing: quick,
      guard: { confirmingLists: 3, confirmingMs: 5_000 },
      ...options,
    });
    this.informer.subscribe(({ type, entry }) => void this.seen.push(`${type} ${entry.key}=${entry.value}`));
    this.#running = this.informer.run(this.signal);
  }

  get informer(): ResourceInformer<string> {
    if (this.#informer === undefined) throw new Error('The test has to start() the informer first.');
    return this.#informer;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Ends when the informer does. */
  get running(): Promise<void> {
    return this.#running;
  }

  /** Stops the informer; returns the timers that it left behind. */
  async end(): Promise<number> {
    this.#stop.abort();
    await this.settle();
    await this.#running;
    return this.clock.pendingTimerCount;
  }

  put(name: string, spec = name): void {
    this.api.put(WIDGETS, { metadata: { name }, spec });
  }

  settle(ms = 0): Promise<void> {
    return this.clock.advance(ms);
  }

  verbs(): string[] {
    return this.api.verbs(/widgets/);
  }

  /** The watch opened last. */
  watch(): FakeWatch {
    const watch = [...this.api.watches].at(-1);
    if (watch === undefined) throw new Error('No watch is open.');
    return watch;
  }

  /** Keys in the cache, or why it is refused. */
  known(): string[] {
    const snapshot = this.informer.snapshot();
    return snapshot.kind === 'ok' ? snapshot.entries.map(({ key }) => key).sort() : [`refused: ${snapshot.reason}`];
  }

  deletions(): string[] {
    return this.seen.filter((line) => line.startsWith('deleted'));
  }
}
