/**
 * Operators that follow one another: one acts and the next is loaded and waits. Each takes over what its predecessor was killed
 * in, brings it to its end, and is then killed in the next migration itself, so that every migration knows exactly one kill.
 */
import type { CrashLab } from './crash-lab.ts';
import type { OperatorProcess } from './operator-process.ts';

const REACHED_WITHIN_MS = 60_000;

/** A marked boundary, the first time after another one, so that one that recurs in a migration is told apart. */
export type Boundary = readonly [mark: string, since: string];

export class Succession {
  readonly #lab: CrashLab;
  #acting: OperatorProcess;
  #next: OperatorProcess;

  private constructor(lab: CrashLab, acting: OperatorProcess) {
    this.#lab = lab;
    this.#acting = acting;
    this.#next = lab.operator();
  }

  static async start(lab: CrashLab): Promise<Succession> {
    const first = lab.operator();
    await first.begin();
    return new Succession(lab, first);
  }

  get acting(): OperatorProcess {
    return this.#acting;
  }

  /** What `run` makes the acting operator pass. */
  async marksOf(run: () => Promise<unknown>): Promise<readonly string[]> {
    const before = this.#acting.marks.length;
    await run();
    return this.#acting.marks.slice(before);
  }

  /** `begin` is called once its end is certain; resolves when the next one acts. Thrown where the boundary is never reached: an Error. */
  async killAt([mark, since]: Boundary, begin: () => void): Promise<void> {
    await this.#acting.meet({ mark, since: since === '' ? undefined : since, signal: 'SIGKILL' });
    const before = this.#acting.marks.length;
    begin();
    const timer = new AbortController();
    const tooLate = new Promise<undefined>((resolve) => {
      const timeout = setTimeout(() => resolve(undefined), REACHED_WITHIN_MS);
      timer.signal.addEventListener('abort', () => clearTimeout(timeout));
    });
    const end = await Promise.race([this.#acting.ended(), tooLate]);
    timer.abort();
    if (end !== 'SIGKILL') {
      const marks = this.#acting.marks.slice(before).join(', ');
      throw new Error(`${mark} was not reached: ${String(end)}, ${marks}\n${this.#acting.output}`);
    }
    await this.takeOver();
  }

  /** Also after somebody else ended the acting one. */
  async takeOver(): Promise<void> {
    this.#acting = this.#next;
    await this.#acting.begin();
    this.#next = this.#lab.operator();
  }
}

/** Before and after each of these, which are named in their order; told apart by the last one before that occurs only once. */
export function aroundEach(names: readonly string[]): readonly Boundary[] {
  const isUnique = (name: string): boolean => names.filter((other) => other === name).length === 1;
  return names.flatMap((name, index) => {
    const anchor = names.slice(0, index).findLast(isUnique);
    const since = anchor === undefined ? '' : `after ${anchor}`;
    return [[`before ${name}`, since] as const, [`after ${name}`, since] as const];
  });
}
