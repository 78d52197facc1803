/** The kernels of the addon that run on this processor, by name. */

export interface Kernel {
  readonly name: string;
  /** What the addon calls it. */
  readonly number: number;
}

/** Fastest first. */
export function kernelsOf(names: readonly (string | undefined)[]): readonly Kernel[] {
  return [...names.entries()].flatMap(([number, name]) => (name === undefined ? [] : [{ name, number }]));
}

/**
 * @param name - the fastest when absent.
 * @throws RangeError when it is none of them.
 */
export function chooseKernel(kernels: readonly Kernel[], name?: string): Kernel {
  const chosen = name === undefined ? kernels[0] : kernels.find((kernel) => kernel.name === name);
  if (chosen !== undefined) return chosen;
  throw new RangeError(`kernel '${String(name)}' is none of ${kernels.map((kernel) => kernel.name).join(', ')}`);
}
