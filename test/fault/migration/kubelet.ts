/** Keeps one operator running, as a kubelet does: whenever one ends, another is started in its place. */
import type { CrashLab } from './crash-lab.ts';
import type { OperatorProcess } from './operator-process.ts';

export class Kubelet {
  readonly #lab: CrashLab;
  readonly #started: OperatorProcess[] = [];
  #isOver = false;

  constructor(lab: CrashLab) {
    this.#lab = lab;
  }

  /** Of all that it started; the last one runs, or is about to. */
  get current(): OperatorProcess | undefined {
    return this.#started.at(-1);
  }

  get restarts(): number {
    return Math.max(this.#started.length - 1, 0);
  }

  /** The first one may have been loaded before. */
  async start(first = this.#lab.operator()): Promise<void> {
    let operator = first;
    this.#started.push(operator);
    await operator.begin();
    void (async () => {
      while (!this.#isOver) {
        await operator.ended();
        if (this.#isOver) return;
        operator = this.#lab.operator();
        this.#started.push(operator);
        // One that is killed before it has begun gives way to the next.
        await Promise.race([operator.begin(), operator.ended()]);
      }
    })();
  }

  /** Nothing is started any more. */
  stop(): void {
    this.#isOver = true;
  }
}
