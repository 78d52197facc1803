/** Who a pool is: said once, when it is made, and compared whenever it is opened, so that no other folder is taken for it. */
import {
  CoucheStorError,
  parseNodeName,
  parsePoolUuid,
  quote,
  type NodeName,
  type PoolUuid,
} from '@couchestor/common/base';

export const POOL_TIERS = ['hot', 'warm', 'cold'] as const;

export type PoolTier = (typeof POOL_TIERS)[number];

/** Of this program. A pool of a newer one is left alone. */
export const POOL_FORMAT_VERSION = 1;

const KIND = 'couchestor-pool';

export interface PoolIdentity {
  readonly formatVersion: number;
  readonly uuid: PoolUuid;
  readonly node: NodeName;
  readonly tier: PoolTier;
  /** Wall time, ISO 8601. */
  readonly createdAt: string;
}

/** What somebody knows of the pool that should be there; whatever is left out may be anything. */
export interface ExpectedPool {
  readonly uuid?: PoolUuid;
  readonly node?: NodeName;
  readonly tier?: PoolTier;
}

/** Thrown when it is none: CoucheStorError `invalid`, which names `field`. */
export function parsePoolTier(value: unknown, field = 'tier'): PoolTier {
  const tier = POOL_TIERS.find((known) => known === value);
  if (tier !== undefined) return tier;
  const text = quote(typeof value === 'string' ? value : typeof value);
  const message = `${field}: ${text} is not a tier; write one of ${POOL_TIERS.join(', ')}.`;
  throw new CoucheStorError('invalid', message, { fields: { field, value: text } });
}

/** As it is stored. */
export function identityRecord(identity: PoolIdentity): object {
  return { kind: KIND, ...identity };
}

/**
 * What identityRecord() gave.
 * @throws CoucheStorError `unsupported`: of a newer program; `invalid`: anything else that is no identity.
 */
export function parsePoolIdentity(value: unknown): PoolIdentity {
  const record = recordOf(value);
  if (record.kind !== KIND) throw notAnIdentity('kind', `it is not of a ${KIND}`);
  const { formatVersion, createdAt } = record;
  if (typeof formatVersion !== 'number' || !Number.isInteger(formatVersion) || formatVersion < 1) {
    throw notAnIdentity('formatVersion', 'it has no version');
  }
  if (formatVersion > POOL_FORMAT_VERSION) {
    const remedy = 'Upgrade this program, or use the one that wrote it; the pool was left as it is.';
    throw new CoucheStorError(
      'unsupported',
      `formatVersion: the pool has ${formatVersion}, and this program knows up to ${POOL_FORMAT_VERSION}. ${remedy}`,
      { fields: { field: 'formatVersion', formatVersion, fault: 'newerPool', remedy } },
    );
  }
  if (typeof createdAt !== 'string') throw notAnIdentity('createdAt', 'it has no date');
  return {
    formatVersion,
    uuid: parsePoolUuid(record.uuid, 'uuid'),
    node: parseNodeName(record.node, 'node'),
    tier: parsePoolTier(record.tier),
    createdAt,
  };
}

/** @throws CoucheStorError `conflict`, which names what differs: another pool is there. */
export function checkExpected(label: string, identity: PoolIdentity, expected: ExpectedPool): void {
  for (const field of ['uuid', 'node', 'tier'] as const) {
    const wanted = expected[field];
    if (wanted === undefined || wanted === identity[field]) continue;
    const remedy = 'Check which disk is mounted there and which pool the configuration names; nothing was written.';
    throw new CoucheStorError(
      'conflict',
      `${label}: another pool is there: its ${field} is ${identity[field]}, not ${wanted}. ${remedy}`,
      { fields: { pool: label, fault: 'otherPool', field, found: identity[field], expected: wanted, remedy } },
    );
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw notAnIdentity('value', 'it is no object');
  return value as Readonly<Record<string, unknown>>;
}

function notAnIdentity(field: string, what: string): CoucheStorError {
  return new CoucheStorError('invalid', `${field}: ${what}`, { fields: { field } });
}
