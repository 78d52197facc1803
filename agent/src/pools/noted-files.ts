/**
 * Files that something is wrong with. Whoever meets one notes it, and a scrub that looks at all of them ends what it does not meet
 * again; what is noted of a file after the scrub has begun to look at it outlasts that scrub, because it may not have seen it.
 */
export class NotedFiles {
  readonly #most: number;
  readonly #paths = new Set<string>();
  /** Of #paths: gone at the end of the scrub unless they are noted again. */
  #doubtful = new Set<string>();
  /** Counted by the last scrub, without a path here. */
  #unnamed = 0;

  /** @param most - remembered; with more the number is a lower bound until a scrub has counted. */
  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#paths.size + this.#unnamed;
  }

  /** @returns whether it is one more. */
  note(path: string): boolean {
    this.#doubtful.delete(path);
    if (this.#paths.has(path) || this.#paths.size >= this.#most) return false;
    this.#paths.add(path);
    return true;
  }

  /** A scrub of all begins. */
  doubtAll(): void {
    this.#doubtful = new Set(this.#paths);
  }

  /** A scrub looks at it now. */
  doubt(path: string): void {
    if (this.#paths.has(path)) this.#doubtful.add(path);
  }

  /** The scrub has ended, with so many; those that it knew by path were noted. */
  settle(found: number): void {
    for (const path of this.#doubtful) this.#paths.delete(path);
    this.#doubtful = new Set();
    this.#unnamed = Math.max(0, found - this.#paths.size);
  }
}
