/**
 * Identifiers as types of their own, so that a pool cannot be passed where a node is meant. Each is parsed once, where it
 * enters the process; what has the type is safe in a path, a label and a log line.
 */
import { invalid } from './invalid.ts';

declare const brand: unique symbol;

type Branded<Value, Name extends string> = Value & { readonly [brand]: Name };

export type VolumeId = Branded<string, 'VolumeId'>;
export type NodeName = Branded<string, 'NodeName'>;
export type PoolName = Branded<string, 'PoolName'>;
export type PoolUuid = Branded<string, 'PoolUuid'>;
export type StripeId = Branded<string, 'StripeId'>;
export type PolicyName = Branded<string, 'PolicyName'>;

/** Which shard of a stripe, from 0; data shards first. */
export type ShardIndex = Branded<number, 'ShardIndex'>;

/** The shape of every textual identifier: a DNS-like name that starts and ends with a letter or digit, at most 63 long. */
export const IDENTIFIER_PATTERN = '^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$';

const IDENTIFIER = new RegExp(IDENTIFIER_PATTERN);

/** GF(2⁸) has no room for more shards in one stripe. */
const MAX_SHARD_INDEX = 255;

const REMEDY = 'write 1 to 63 of a-z, 0-9, "-" and ".", starting and ending with a letter or digit';

function parseIdentifier<Name extends string>(text: unknown, field: string): Branded<string, Name> {
  if (typeof text !== 'string') throw invalid(field, typeof text, { fault: 'is not a text', remedy: REMEDY });
  if (!IDENTIFIER.test(text)) throw invalid(field, text, { fault: 'is not an identifier', remedy: REMEDY });
  return text as Branded<string, Name>;
}

/** Thrown by each of these when `text` is no identifier: CoucheStorError `invalid`, which names `field` and the remedy. */
export function parseVolumeId(text: unknown, field = 'volumeId'): VolumeId {
  return parseIdentifier(text, field);
}

export function parseNodeName(text: unknown, field = 'nodeName'): NodeName {
  return parseIdentifier(text, field);
}

export function parsePoolName(text: unknown, field = 'poolName'): PoolName {
  return parseIdentifier(text, field);
}

export function parsePoolUuid(text: unknown, field = 'poolUuid'): PoolUuid {
  return parseIdentifier(text, field);
}

export function parseStripeId(text: unknown, field = 'stripeId'): StripeId {
  return parseIdentifier(text, field);
}

export function parsePolicyName(text: unknown, field = 'policyName'): PolicyName {
  return parseIdentifier(text, field);
}

/** From a number or its decimal text. Thrown when it is not an integer from 0 to 255: CoucheStorError `invalid`. */
export function parseShardIndex(value: unknown, field = 'shardIndex'): ShardIndex {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value;
  const index = /^(0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : Infinity;
  if (index > MAX_SHARD_INDEX) {
    throw invalid(field, text, {
      fault: 'is not a shard index',
      remedy: `write an integer from 0 to ${MAX_SHARD_INDEX}`,
    });
  }
  return index as ShardIndex;
}
