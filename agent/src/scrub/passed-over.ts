/**
 * What a scrub could not look at because the disk refuses to list a folder or to measure a file, and would refuse again: it goes on behind
 * it, and says so, because which shards are there nobody knows.
 */
import type { CoucheStorError } from '@couchestor/common/base';
import { FieldReader } from '../store/index.ts';
import { refusal, textOf } from './scrub-findings.ts';

export interface PassedOver {
  /** Below the pool; of a folder, or of a shard. */
  readonly path: string;
  /** In which it was met. */
  readonly pass: number;
  /** A sentence for people. */
  readonly detail: string;
}

/** The first ones; with more of them a disk is of no use. */
export const MAX_PASSED_OVER = 1000;

const MAX_DETAIL_LENGTH = 500;

/** Each path once, as it was met last. */
export function withPassedOver(
  all: readonly PassedOver[],
  { path, pass }: Pick<PassedOver, 'path' | 'pass'>,
  { message }: CoucheStorError,
): readonly PassedOver[] {
  const others = all.filter((one) => one.path !== path);
  if (others.length >= MAX_PASSED_OVER) return all;
  return [...others, { path, pass, detail: message.slice(0, MAX_DETAIL_LENGTH) }];
}

/** @throws CoucheStorError `invalid`, naming the field. */
export function parsePassedOver(value: unknown): readonly PassedOver[] {
  if (!Array.isArray(value) || value.length > MAX_PASSED_OVER) {
    throw refusal('passedOver', `a list of at most ${MAX_PASSED_OVER} paths`);
  }
  return value.map((item, index) => {
    const reader = FieldReader.of(item, `scrub.passedOver[${index}]`);
    const one = {
      path: textOf(reader.take('path'), 'path'),
      pass: reader.count('pass'),
      detail: textOf(reader.take('detail'), 'detail'),
    };
    reader.end();
    return one;
  });
}
