/** The scrub: every shard of a pool is read and compared with its checksums, slowly, again and again. */
export type { PassedOver } from './passed-over.ts';
export { MAX_FINDINGS } from './scrub-findings.ts';
export type { ScrubFinding } from './scrub-findings.ts';
export { readScrubRecord } from './scrub-record.ts';
export type { ScrubCounters, ScrubRecord } from './scrub-record.ts';
export { Scrub } from './scrub.ts';
export type { ScrubbedStore, ScrubOptions, ScrubReport } from './scrub.ts';
export type { ShardResult } from './shard-examination.ts';
