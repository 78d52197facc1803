/** Counts the shards of a pool by the names of their files. */
import type { CoucheStorError } from '@couchestor/common/base';
import type { Progress } from '@couchestor/common/command-line';
import type { SeenPool } from './look-at-pool.ts';
import { shardCount } from './shard-count.ts';

export interface Survey {
  readonly shards: number;
  /** Of their files. */
  readonly bytes: number;
  /** The first of what could not be looked at, and is not counted. */
  readonly refusal: CoucheStorError | undefined;
}

/** Undefined: it was stopped. */
export async function surveyOf(
  { view }: Pick<SeenPool, 'view'>,
  progress: Progress,
  stopped: AbortSignal,
): Promise<Survey | undefined> {
  const found = { shards: 0, bytes: 0 };
  let refusal: CoucheStorError | undefined;
  const onRefused = (_: string, error: CoucheStorError): void => void (refusal ??= error);
  for await (const stripe of view.stripes({ onRefused })) {
    if (stopped.aborted) return undefined;
    found.shards += stripe.shards.length;
    for (const { sizeBytes } of stripe.shards) found.bytes += sizeBytes;
    progress.show({ done: stripe.progress, total: 1, detail: shardCount(found.shards) });
  }
  return { ...found, refusal };
}
