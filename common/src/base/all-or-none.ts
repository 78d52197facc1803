/**
 * Works side by side of which the first failure ends the others, so that none is left running behind an error. Thrown: what the
 * first one threw, once all have ended.
 */
export async function allOrNone<Parts extends readonly Promise<unknown>[] | []>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => Parts,
): Promise<{ -readonly [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  const stop = new AbortController();
  const parts = start(AbortSignal.any([signal, stop.signal]));
  try {
    return await Promise.all(parts);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(parts);
    throw error;
  }
}
