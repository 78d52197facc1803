/** A list as `-o json` prints it, one item after the other, so that a long one is nowhere in memory. */
export class JsonList {
  readonly #out: (text: string) => void;
  #count = 0;

  constructor(out: (text: string) => void) {
    this.#out = out;
  }

  add(item: object): void {
    this.#out(`${this.#count === 0 ? '[' : ','}\n  ${JSON.stringify(item)}`);
    this.#count += 1;
  }

  end(): void {
    this.#out(this.#count === 0 ? '[]\n' : '\n]\n');
  }
}
