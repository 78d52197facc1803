/**
 * Why a shard may be deleted: one of four proofs, each with the evidence it rests on, recorded with the tombstone. That metadata are
 * not there is none of them. The store cannot ask whoever gave the evidence; it refuses what is no proof, and what contradicts the
 * name of the shard or itself.
 */
import {
  CoucheStorError,
  parseNodeName,
  parsePlacement,
  parseShardIndex,
  partsOfStripeId,
  type NodeName,
  type Placement,
  type ShardIndex,
} from '@couchestor/common/base';
import type { SchemeRecord } from '@couchestor/common/erasure';
import type { ShardName } from '../shards/index.ts';
import { FieldReader } from './field-reader.ts';

/** Where and when the evidence was read. */
export interface Observation {
  /** Wall time in milliseconds since the epoch; for people, compared with nothing. */
  readonly observedAt: number;
  /** Of the object that the evidence was read from. */
  readonly resourceVersion: string;
}

/** The epoch of the stripe is over, and no seq was given to it. */
export interface StripeVoid extends Observation {
  readonly kind: 'stripeVoid';
  readonly currentEpoch: number;
}

/** The owner of the stripe's own epoch, which lasts, will not commit it. */
export interface AbandonedByOwner extends Observation {
  readonly kind: 'abandonedByOwner';
  readonly owner: NodeName;
  readonly epoch: number;
}

/** The committed checkpoint covers the stripe, and refers to nothing in it. */
export interface StripeRetired extends Observation {
  readonly kind: 'stripeRetired';
  /** Of the stripe that is the checkpoint; beyond what it covers. */
  readonly checkpointSeq: number;
  readonly coversSeq: number;
  readonly seq: number;
}

export interface VerifiedShard {
  readonly index: ShardIndex;
  readonly placement: Placement;
  readonly checksum: number;
  /** Wall time in milliseconds since the epoch; for people. */
  readonly verifiedAt: number;
}

/** Another placement of the shard is listed, and every listed shard of the stripe was verified since. */
export interface Replaced extends Observation {
  readonly kind: 'replaced';
  readonly listedPlacement: Placement;
  /** All shards that the stripe's record lists. */
  readonly verified: readonly VerifiedShard[];
}

export type DeletionProof = StripeVoid | AbandonedByOwner | StripeRetired | Replaced;

/** As many as a stripe can have. */
const MAX_VERIFIED = 256;

const MAX_CHECKSUM = 2 ** 32 - 1;

/** @throws CoucheStorError `invalid`, naming the field, for whatever is not exactly one of the four. */
export function parseDeletionProof(value: unknown): DeletionProof {
  const reader = FieldReader.of(value, 'proof');
  const kind = reader.oneOf('kind', ['stripeVoid', 'abandonedByOwner', 'stripeRetired', 'replaced']);
  const observation = { observedAt: reader.count('observedAt'), resourceVersion: reader.text('resourceVersion') };
  const proof = ((): DeletionProof => {
    switch (kind) {
      case 'stripeVoid':
        return { kind, ...observation, currentEpoch: reader.count('currentEpoch') };
      case 'abandonedByOwner': {
        const owner = parseNodeName(reader.take('owner'), 'proof.owner');
        return { kind, ...observation, owner, epoch: reader.count('epoch') };
      }
      case 'stripeRetired': {
        const seqs = { checkpointSeq: reader.count('checkpointSeq'), coversSeq: reader.count('coversSeq') };
        return { kind, ...observation, ...seqs, seq: reader.count('seq') };
      }
      case 'replaced': {
        const listedPlacement = parsePlacement(reader.take('listedPlacement'), 'proof.listedPlacement');
        return {
          kind,
          ...observation,
          listedPlacement,
          verified: reader.list('verified', MAX_VERIFIED, verifiedShard),
        };
      }
    }
  })();
  reader.end();
  return proof;
}

function verifiedShard(reader: FieldReader): VerifiedShard {
  const shard = {
    index: parseShardIndex(reader.take('index'), `${reader.path}.index`),
    placement: parsePlacement(reader.take('placement'), `${reader.path}.placement`),
    checksum: reader.count('checksum', MAX_CHECKSUM),
    verifiedAt: reader.count('verifiedAt'),
  };
  reader.end();
  return shard;
}

/** How the stripe of a shard is encoded, where its header could be read. */
export type StripeScheme = Pick<SchemeRecord, 'dataShards' | 'parityShards'>;

/** @throws CoucheStorError `conflict`, naming the field, for a proof that is none for this shard. */
export function checkProof(name: ShardName, proof: DeletionProof, scheme?: StripeScheme): void {
  const contradiction = contradictionOf(name, proof, scheme);
  if (contradiction === undefined) return;
  const [field, text] = contradiction;
  throw new CoucheStorError(
    'conflict',
    `proof.${field}: ${text}; nothing is deleted. Read the metadata again, and give a proof for this very shard.`,
    { fields: { field: `proof.${field}`, proof: proof.kind } },
  );
}

type Contradiction = readonly [field: string, text: string] | undefined;

function contradictionOf(name: ShardName, proof: DeletionProof, scheme: StripeScheme | undefined): Contradiction {
  const { epoch } = partsOfStripeId(name.stripeId);
  switch (proof.kind) {
    case 'stripeVoid':
      if (epoch < proof.currentEpoch) return undefined;
      return ['currentEpoch', `epoch ${epoch} of the stripe is not over in epoch ${proof.currentEpoch}`];
    case 'abandonedByOwner':
      if (epoch === proof.epoch) return undefined;
      return ['epoch', `the owner of epoch ${proof.epoch} abandons no stripe of epoch ${epoch}`];
    case 'stripeRetired':
      if (proof.coversSeq >= proof.checkpointSeq) {
        return ['coversSeq', `checkpoint ${proof.checkpointSeq} does not cover itself, and so not ${proof.coversSeq}`];
      }
      if (proof.seq <= proof.coversSeq) return undefined;
      return ['seq', `the checkpoint covers what is up to ${proof.coversSeq}, and not ${proof.seq}`];
    case 'replaced':
      return contradictionOfReplaced(name, proof) ?? (scheme && contradictionOfNumber(proof, scheme));
  }
}

function contradictionOfReplaced(
  { index, placement }: ShardName,
  { listedPlacement, verified }: Replaced,
): Contradiction {
  if (listedPlacement === placement) return ['listedPlacement', `placement ${placement} is the one that is listed`];
  const indexes = new Set(verified.map((shard) => shard.index));
  if (indexes.size < verified.length) return ['verified', 'a shard of the stripe is in it twice'];
  const successor = verified.find((shard) => shard.index === index);
  if (successor === undefined) return ['verified', `shard ${index} of the stripe is not in it`];
  if (successor.placement === listedPlacement) return undefined;
  return [
    'verified',
    `placement ${successor.placement} of shard ${index} was verified, and ${listedPlacement} is listed`,
  ];
}

/** No index is in it twice. */
function contradictionOfNumber({ verified }: Replaced, { dataShards, parityShards }: StripeScheme): Contradiction {
  const shards = dataShards + parityShards;
  const beyond = verified.find(({ index }) => index >= shards);
  if (beyond !== undefined) return ['verified', `a stripe of ${shards} shards has no shard ${beyond.index}`];
  if (verified.length === shards) return undefined;
  return ['verified', `${verified.length} of the ${shards} shards of the stripe are in it, and all have to be`];
}
