/**
 * How a person says that a loss which informers do not believe is true (docs/adr/0003-emptied-api.md): by a time in an annotation
 * of the Lease of the leader election, which every replica reads. It accepts what had gone missing by then, in all caches, and
 * nothing that goes missing afterwards. It counts once: what was said before a loss began does not tell of it, by the times that
 * are named, and by this process's own observation where clocks are set.
 */
import { ACCEPT_LOSS_ANNOTATION, formatTimestamp } from '@couchestor/common/api';
import { InvariantError, nullLogger, toCoucheStorError, type Clock, type Logger } from '@couchestor/common/base';
import type { KubeClient } from './kube-client.ts';
import type { ResourceInformer } from './resource-informer.ts';
import { LEASES } from './resources.ts';

type Doubter = Pick<ResourceInformer<unknown>, 'health' | 'acceptLoss'>;

export interface LossAcceptanceOptions {
  readonly client: KubeClient;
  /** Of the Lease. */
  readonly namespace: string;
  readonly name: string;
  readonly informers: readonly Doubter[];
  readonly logger?: Logger;
  readonly pollMs?: number;
}

const DEFAULT_POLL_MS = 5_000;
/** A time that lies further ahead is none that a clock of the cluster showed. */
const MAX_CLOCK_SKEW_MS = 60_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export class LossAcceptance {
  readonly #options: LossAcceptanceOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** What the annotation last said, and since when, on the monotonic clock, this process has known that. */
  #word: { readonly text?: string; readonly timeMs?: number | undefined; readonly sinceMs: number };
  /** By informer, the time that was last told. */
  readonly #told = new Map<Doubter, number>();
  #isFailing = false;

  constructor(options: LossAcceptanceOptions) {
    this.#options = options;
    this.#clock = options.client.clock;
    this.#logger = options.logger ?? nullLogger;
    this.#word = { sinceMs: this.#clock.monotonic() };
  }

  /** Until `signal` aborts. Thrown: InvariantError only. */
  async run(signal: AbortSignal): Promise<void> {
    const { pollMs = DEFAULT_POLL_MS } = this.#options;
    while (!signal.aborted) {
      this.#tell();
      await this.#read(signal);
      this.#accept();
      await this.#clock.sleep(pollMs, signal).catch(() => undefined);
    }
  }

  #tell(): void {
    const { namespace, name, informers } = this.#options;
    for (const informer of informers) {
      const { lossTimeMs, message } = informer.health();
      if (lossTimeMs === undefined || this.#told.get(informer) === lossTimeMs) continue;
      this.#told.set(informer, lossTimeMs);
      const word = `${ACCEPT_LOSS_ANNOTATION}=${formatTimestamp(lossTimeMs)}`;
      const remedy = `if it is meant to be gone: kubectl -n ${namespace} annotate --overwrite lease ${name} ${word}`;
      this.#logger.error('Objects are missing that nobody was seen to delete; nothing is concluded from that.', {
        seen: message,
        remedy,
      });
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { client, namespace, name } = this.#options;
    try {
      const lease = await client.get(LEASES, { namespace, name }, { signal });
      this.#isFailing = false;
      this.#hear(lease.metadata.annotations?.[ACCEPT_LOSS_ANNOTATION]);
    } catch (thrown) {
      if (thrown instanceof InvariantError) throw thrown;
      const error = toCoucheStorError(thrown);
      if (signal.aborted || error.code === 'notFound') return;
      if (!this.#isFailing) this.#logger.warn('The word on losses cannot be read.', { error });
      this.#isFailing = true;
    }
  }

  #hear(text: string | undefined): void {
    // A word that disappears and comes back, with a backup for example, is no new one.
    if (text === undefined || text === this.#word.text) return;
    const timeMs = TIME.test(text) ? Date.parse(text) : NaN;
    const isKnown = timeMs <= this.#clock.now() + MAX_CLOCK_SKEW_MS;
    this.#word = { text, timeMs: isKnown ? timeMs : undefined, sinceMs: this.#clock.monotonic() };
    if (isKnown) return;
    this.#logger.warn('An annotation is no time that has come, and accepts no loss.', {
      annotation: ACCEPT_LOSS_ANNOTATION,
      value: text.slice(0, 64),
    });
  }

  #accept(): void {
    const { timeMs, sinceMs } = this.#word;
    if (timeMs === undefined || timeMs > this.#clock.now()) return;
    for (const informer of this.#options.informers) {
      const { suspicion, lossTimeMs } = informer.health();
      if (suspicion === undefined || lossTimeMs === undefined) continue;
      if (lossTimeMs <= timeMs && suspicion.sinceMs < sinceMs) informer.acceptLoss();
    }
  }
}
