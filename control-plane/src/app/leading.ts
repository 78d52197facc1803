/** Being the one that acts: work runs only while this process holds the lease, or at once where nobody else can be. */
import type { Leadership, LeaseElector } from '../adapters/kubernetes/index.ts';

export class Leading {
  readonly #elector: Pick<LeaseElector, 'run'> | undefined;
  #isLeader: () => boolean = () => false;

  /** `elector` undefined: this process is vouched for to be alone. */
  constructor(elector: Pick<LeaseElector, 'run'> | undefined) {
    this.#elector = elector;
  }

  get isLeader(): boolean {
    return this.#isLeader();
  }

  /** Thrown: what `work` throws; CoucheStorError when leadership is lost, after which the process must end. */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#elector === undefined) {
      this.#isLeader = () => !signal.aborted;
      await work(signal);
      return;
    }
    const lead = async (leadership: Leadership): Promise<void> => {
      this.#isLeader = () => leadership.isValid();
      await work(leadership.signal);
    };
    const end = await this.#elector.run(signal, { lead, onLost: () => undefined });
    if (end.kind === 'lost') throw end.reason;
  }
}
