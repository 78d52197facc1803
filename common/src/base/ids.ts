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

/** Which of the places that a shard has had, from 0: raised by every move, so that a left one satisfies no read. */
export type Placement = Branded<number, 'Placement'>;

/** What a StripeId is made of: the epoch of the owner that wrote the stripe, and its count of stripes in that epoch. */
export interface StripeIdParts {
  readonly epoch: number;
  readonly counter: number;
}

/** The shape of every textual identifier: a DNS-like name that starts and ends with a letter or digit, at most 63 long. */
export const IDENTIFIER_PATTERN = '^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$';

const IDENTIFIER = new RegExp(IDENTIFIER_PATTERN);

/** GF(2⁸) has no room for more shards in one stripe. */
const MAX_SHARD_INDEX = 255;

const MAX_PLACEMENT = 2 ** 32 - 1;

/** A whole number as it is printed, so that a number has one text, and one path. */
const DECIMAL = '0|[1-9][0-9]{0,15}';

const COUNT = new RegExp(`^(${DECIMAL})$`);

const STRIPE_ID = new RegExp(`^(${DECIMAL})-(${DECIMAL})$`);

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

/** `<epoch>-<counter>`, both from 0 to 2⁵³ − 1, as they are printed. */
export function parseStripeId(text: unknown, field = 'stripeId'): StripeId {
  const [, epoch, counter] = STRIPE_ID.exec(typeof text === 'string' ? text : '') ?? [];
  if (!Number.isSafeInteger(Number(epoch)) || !Number.isSafeInteger(Number(counter))) {
    throw invalid(field, typeof text === 'string' ? text : typeof text, {
      fault: 'is not the id of a stripe',
      remedy: 'write the epoch and the counter as whole numbers with "-" between them, such as 7-42',
    });
  }
  return text as StripeId;
}

/** Thrown when one of them is not a whole number from 0 to 2⁵³ − 1: CoucheStorError `invalid`. */
export function stripeIdOf({ epoch, counter }: StripeIdParts): StripeId {
  return parseStripeId(`${epoch}-${counter}`);
}

export function partsOfStripeId(stripeId: StripeId): StripeIdParts {
  const dash = stripeId.indexOf('-');
  return { epoch: Number(stripeId.slice(0, dash)), counter: Number(stripeId.slice(dash + 1)) };
}

export function parsePolicyName(text: unknown, field = 'policyName'): PolicyName {
  return parseIdentifier(text, field);
}

/** From a number or its decimal text. Thrown when it is not an integer from 0 to 255: CoucheStorError `invalid`. */
export function parseShardIndex(value: unknown, field = 'shardIndex'): ShardIndex {
  return parseCount(value, { field, noun: 'a shard index', most: MAX_SHARD_INDEX }) as ShardIndex;
}

/** From a number or its decimal text. Thrown when it is not an integer from 0 to 2³² − 1: CoucheStorError `invalid`. */
export function parsePlacement(value: unknown, field = 'placement'): Placement {
  return parseCount(value, { field, noun: 'a placement', most: MAX_PLACEMENT }) as Placement;
}

function parseCount(value: unknown, { field, noun, most }: { field: string; noun: string; most: number }): number {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value;
  const count = COUNT.test(text) ? Number(text) : Infinity;
  if (count > most) {
    throw invalid(field, text, { fault: `is not ${noun}`, remedy: `write an integer from 0 to ${most}` });
  }
  return count;
}
