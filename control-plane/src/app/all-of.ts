/** Works that end together. */
export type Work = (signal: AbortSignal) => Promise<void>;

/** None outlives another that failed. Thrown: what the first one threw, once all have ended. */
export async function allOf(works: readonly Work[], signal: AbortSignal): Promise<void> {
  const ending = new AbortController();
  const running = works.map((work) => work(AbortSignal.any([signal, ending.signal])));
  try {
    await Promise.all(running);
  } finally {
    ending.abort();
    await Promise.allSettled(running);
  }
}
