// Generated from proto/couchestor/agent/v1 by npm run generate.

import type { Method } from '../method.ts';
import type { ErrorDetail } from './errors-v1.ts';

/** Who commands, and which command it is. A command of an older epoch than the agent has seen is refused as ABORTED, so that a leader or an owner that has been replaced changes nothing. */
export interface CommandContext {
  /** The epoch of whoever commands: of the volume's owner for shards that it writes, else of the control plane's leader. At most 2^53 - 1, as all 64-bit numbers of this API. */
  readonly epoch: number;
  /** Names this command: 1 to 63 of a-z, 0-9, "-" and ".", chosen by the caller and never used for another command. A command that arrives again under its id has the same outcome and no second effect. */
  readonly operationId: string;
}

/** The epoch of the stripe is over, and no place in the log was given to the stripe. */
export interface StripeVoid {
  /** The volume's epoch, above that of the stripe. */
  readonly currentEpoch: number;
}

/** The owner of the stripe's own epoch, which lasts, will not commit the stripe. */
export interface AbandonedByOwner {
  /** The node of the owner. */
  readonly owner: string;
  /** The epoch, which is that of the stripe. */
  readonly epoch: number;
}

/** The committed checkpoint covers the stripe, and refers to nothing in it. */
export interface StripeRetired {
  /** The place in the log of the stripe that is the checkpoint; beyond what it covers. */
  readonly checkpointSeq: number;
  /** The last place in the log that the checkpoint covers. */
  readonly coversSeq: number;
  /** The stripe's own place in the log; at most covers_seq. */
  readonly seq: number;
}

/** A shard that was read and compared. */
export interface VerifiedShard {
  /** Which shard of the stripe. */
  readonly index: number;
  /** Its listed placement. */
  readonly placement: number;
  /** The CRC32C of its payload. */
  readonly checksum: number;
  /** When, in milliseconds of wall time; for people. */
  readonly verifiedAtMs: number;
}

/** Another placement of the shard is listed, and every listed shard of the stripe was verified since. */
export interface Replaced {
  /** The placement that is listed for the shard's index. */
  readonly listedPlacement: number;
  /** All shards that the stripe's record lists, each once. */
  readonly verified: readonly VerifiedShard[];
}

/** The proof, with the evidence that it rests on. The agent refuses what contradicts the shard's name or itself, and records the rest. */
export type DeletionProof = {
  /** When the evidence was read, in milliseconds of wall time; for people. */
  readonly observedAtMs: number;
  /** The version of the object that the evidence was read from. */
  readonly resourceVersion: string;
} & ({
  readonly proof: 'stripeVoid';
  /** The stripe is of an epoch that is over, and void. */
  readonly stripeVoid: StripeVoid;
} | {
  readonly proof: 'abandonedByOwner';
  /** The current owner abandoned the stripe. */
  readonly abandonedByOwner: AbandonedByOwner;
} | {
  readonly proof: 'stripeRetired';
  /** The stripe is retired. */
  readonly stripeRetired: StripeRetired;
} | {
  readonly proof: 'replaced';
  /** The shard is elsewhere, and well. */
  readonly replaced: Replaced;
} | { readonly proof?: undefined });

/** Which class of media something belongs to. */
export type Tier =
  /** Not known, or of no tier. */
  | 'TIER_UNSPECIFIED'
  /** NVMe. */
  | 'TIER_HOT'
  /** SAS and SATA flash. */
  | 'TIER_WARM'
  /** Disks that rotate. */
  | 'TIER_COLD'
  /** A value that this program does not know. */
  | number;

/** What a device stores on. */
export type Media =
  /** Not known. */
  | 'MEDIA_UNSPECIFIED'
  /** Flash. */
  | 'MEDIA_SSD'
  /** A disk that rotates. */
  | 'MEDIA_HDD'
  /** Flash in zones. */
  | 'MEDIA_ZNS'
  /** A shingled disk that shows its zones. */
  | 'MEDIA_SMR'
  /** An optical drive. */
  | 'MEDIA_OPTICAL'
  /** A value that this program does not know. */
  | number;

/** How a device is. */
export type DeviceHealth =
  /** Not known: nobody could be asked. */
  | 'DEVICE_HEALTH_UNSPECIFIED'
  /** Nothing speaks against it. */
  | 'DEVICE_HEALTH_HEALTHY'
  /** It works, and something speaks against it. */
  | 'DEVICE_HEALTH_DEGRADED'
  /** It fails, or says that it will. */
  | 'DEVICE_HEALTH_UNHEALTHY'
  /** A value that this program does not know. */
  | number;

/** One disk or namespace, however many paths lead to it. */
export interface Device {
  /** Unique on the node; the same after a reboot and in another slot, if id_stable. */
  readonly id: string;
  /** Whether more than the place or the kernel's name tells this device from others. */
  readonly idStable: boolean;
  /** The kernel's name, such as nvme0n1; it changes between boots. */
  readonly kernelName: string;
  /** How it is attached: nvme, nvme-tcp, sas, sata, virtio, ...; `unknown` if that is not known. */
  readonly transport: string;
  /** What it stores on. */
  readonly media: Media;
  /** The class that it belongs to. */
  readonly tier: Tier;
  /** The model, as the device says it. */
  readonly model?: string | undefined;
  /** The serial number, as the device says it. */
  readonly serial?: string | undefined;
  /** The World Wide Name. */
  readonly wwn?: string | undefined;
  /** Its size. */
  readonly sizeBytes?: number | undefined;
  /** The smallest piece that it reads and writes. */
  readonly logicalBlockBytes?: number | undefined;
  /** Whether the medium rotates. */
  readonly rotational?: boolean | undefined;
  /** How it is. */
  readonly health: DeviceHealth;
  /** Why its health is what it is; a clause for people. */
  readonly healthReason: string;
  /** Whether somebody uses it. */
  readonly inUse: boolean;
  /** Who uses it; a clause for people. */
  readonly inUseReason?: string | undefined;
  /** Whether it may be made a pool. */
  readonly offerable: boolean;
  /** Why it may not be made a pool; a clause for people. */
  readonly notOfferableReason?: string | undefined;
  /** Kernel names of the ways to it; none of a virtual device. */
  readonly paths: readonly string[];
}

/** What is asked of ListDevices. */
export interface ListDevicesRequest {

}

/** What ListDevices answers. */
export interface ListDevicesResponse {
  /** All of them, ordered by id; a node has hundreds at most. */
  readonly devices: readonly Device[];
}

/** What is asked of GetDevice. */
export interface GetDeviceRequest {
  /** Device.id. */
  readonly id: string;
}

/** What GetDevice answers. */
export interface GetDeviceResponse {
  /** The device. */
  readonly device: Device | null;
}

/** The disks of the agent's node. Nothing here changes anything. */
export interface HardwareService {
  /** All devices, as the last look at the node found them. */
  readonly ListDevices: Method<ListDevicesRequest, ListDevicesResponse, false, false>;
  /** One device. NOT_FOUND: the node has none of this id. */
  readonly GetDevice: Method<GetDeviceRequest, GetDeviceResponse, false, false>;
}

/** What a pool can be asked for. */
export type PoolState =
  /** Not known. */
  | 'POOL_STATE_UNSPECIFIED'
  /** Everything. */
  | 'POOL_STATE_ONLINE'
  /** Everything, and something speaks against it. */
  | 'POOL_STATE_DEGRADED'
  /** Reads alone. */
  | 'POOL_STATE_READ_ONLY'
  /** Reads are tried, and nothing is written. */
  | 'POOL_STATE_FAULTED'
  /** A value that this program does not know. */
  | number;

/** One thing that speaks against a pool. */
export interface PoolReason {
  /** For programs: noSpace, diskErrors, corruptShards, syncFailed, ... */
  readonly cause: string;
  /** What happened first, and what to do about it; for people. */
  readonly detail: string;
  /** Since when, in milliseconds of wall time; for people. */
  readonly sinceMs: number;
}

/** One pool. */
export interface Pool {
  /** Names the pool for ever, on whichever node its disk is. */
  readonly uuid: string;
  /** The folder on the node; for people. */
  readonly path: string;
  /** The class of its media. */
  readonly tier: Tier;
  /** What it can be asked for. */
  readonly state: PoolState;
  /** Why it is not Online; the weightiest first. */
  readonly reasons: readonly PoolReason[];
  /** The size of the pool. */
  readonly totalBytes: number;
  /** What is used of it. */
  readonly usedBytes: number;
  /** What new shards may still take. */
  readonly freeForDataBytes: number;
  /** What repair may still take; it has a reserve besides. */
  readonly freeForRepairBytes: number;
  /** Whether it takes no new shards, because somebody has said so. */
  readonly cordoned: boolean;
}

/** What is asked of ListPools. */
export interface ListPoolsRequest {

}

/** What ListPools answers. */
export interface ListPoolsResponse {
  /** All of them, ordered by uuid; a node has a few dozen at most. */
  readonly pools: readonly Pool[];
}

/** What is asked of GetPool. */
export interface GetPoolRequest {
  /** Pool.uuid. */
  readonly poolUuid: string;
}

/** What GetPool answers. */
export interface GetPoolResponse {
  /** The pool. */
  readonly pool: Pool | null;
}

/** The pools of the agent's node. Nothing here changes anything. */
export interface PoolService {
  /** All pools that the agent has open, with their space and health now. */
  readonly ListPools: Method<ListPoolsRequest, ListPoolsResponse, false, false>;
  /** One pool. NOT_FOUND: the agent has none of this uuid open. */
  readonly GetPool: Method<GetPoolRequest, GetPoolResponse, false, false>;
}

/** The full name of a shard. It names one content for ever: another encoding has another stripe, and a moved or rebuilt shard another placement. */
export interface ShardName {
  /** The volume: 1 to 63 of a-z, 0-9, "-" and ".", with a letter or digit at either end. */
  readonly volumeId: string;
  /** The stripe, as epoch-counter: 7-42. */
  readonly stripeId: string;
  /** Which shard of the stripe, from 0, data shards first; at most 255. */
  readonly index: number;
  /** Which of the places that this shard has had, from 0. */
  readonly placement: number;
}

/** Where a shard is. */
export interface ShardAddress {
  /** Pool.uuid. */
  readonly poolUuid: string;
  /** The shard. */
  readonly name: ShardName | null;
}

/** A shard as its stripe's record has it. What does not fit is missing, and never data. */
export interface ExpectedShard {
  /** Where it is. */
  readonly address: ShardAddress | null;
  /** The length of its payload, 1 byte to 4 GiB. */
  readonly payloadBytes: number;
  /** The CRC32C of its payload. */
  readonly checksum: number;
}

/** How the shards of a stripe come from its data. */
export interface ErasureScheme {
  /** Names the coefficients for ever, such as rs-cauchy1/1. */
  readonly matrixId: string;
  /** The number of data shards. */
  readonly dataShards: number;
  /** The number of parity shards, local ones included. */
  readonly parityShards: number;
  /** The number of groups with a local parity; 0 for Reed-Solomon. */
  readonly localGroups: number;
}

/** What is known of a stripe when the payloads of its shards have ended. */
export interface StripeSummary {
  /** The bytes that the stripe holds, before they were compressed and padded. */
  readonly logicalLength: number;
  /** The stripe's record as its writer encoded it, at most 64 KiB; an agent keeps it and does not read it. */
  readonly record: Uint8Array;
}

/** A piece of a shard's payload: in every message that carries one it is field 2, so that processes send it without a copy. */
export interface ShardChunk {
  /** Where in the payload the piece begins. */
  readonly offset: number;
  /** The bytes, 1 byte to 1 MiB. */
  readonly data: Uint8Array;
}

/** Why a file is not the shard that was asked for. */
export type MissingReason =
  /** Of a newer program; the detail says it. */
  | 'MISSING_REASON_UNSPECIFIED'
  /** There is no file. */
  | 'MISSING_REASON_ABSENT'
  /** There is nothing in it, a part, or more than a shard. */
  | 'MISSING_REASON_INCOMPLETE'
  /** It is another file. */
  | 'MISSING_REASON_NOT_A_SHARD'
  /** The header is not as it was written. */
  | 'MISSING_REASON_CORRUPT_HEADER'
  /** The footer is not as it was written. */
  | 'MISSING_REASON_CORRUPT_FOOTER'
  /** The zeros behind the payload are not. */
  | 'MISSING_REASON_CORRUPT_PADDING'
  /** It has the header of one shard and the footer of another. */
  | 'MISSING_REASON_DISAGREEMENT'
  /** It is of another volume, stripe, index or placement. */
  | 'MISSING_REASON_OTHER_SHARD'
  /** It has the right name and another length. */
  | 'MISSING_REASON_OTHER_LENGTH'
  /** It has the right name and other bytes, such as an older file that came back. */
  | 'MISSING_REASON_OTHER_CHECKSUM'
  /** It is of a version that the agent does not read. */
  | 'MISSING_REASON_UNSUPPORTED_VERSION'
  /** A value that this program does not know. */
  | number;

/** The shard is not there: its stripe has to do without it. */
export interface MissingShard {
  /** Why. */
  readonly reason: MissingReason;
  /** Why; a clause for people. */
  readonly detail: string;
}

/** The disk gives other bytes than were written. */
export interface CorruptBlocks {
  /** The numbers of the blocks of 64 KiB of the payload that do not fit their checksums. */
  readonly blocks: readonly number[];
}

/** The disk gives no bytes, which says nothing about what it holds. */
export interface UnreadableShard {
  /** The block of 64 KiB of the payload from which on it gives none; absent if it was the file that could not be opened. */
  readonly block?: number | undefined;
  /** What the disk says. */
  readonly error: ErrorDetail | null;
}

/** A shard that a pool holds, without a look into its file. */
export interface StoredShard {
  /** Its name. */
  readonly name: ShardName | null;
  /** The length of the file. */
  readonly sizeBytes: number;
  /** Whether it will be deleted when its grace is over. It can be read till then. */
  readonly tombstoned: boolean;
  /** Whether nothing of its volume is deleted. */
  readonly quarantined: boolean;
}

/** What the room of a new shard is taken from. */
export type PutPurpose =
  /** Refused as INVALID_ARGUMENT. */
  | 'PUT_PURPOSE_UNSPECIFIED'
  /** The room for data. */
  | 'PUT_PURPOSE_DATA'
  /** The room for data, and the reserve of the pool. */
  | 'PUT_PURPOSE_REPAIR'
  /** A value that this program does not know. */
  | number;

/** The first message of a put. */
export interface PutShardBegin {
  /** Who commands. */
  readonly command: CommandContext | null;
  /** Where the shard shall be. */
  readonly address: ShardAddress | null;
  /** How its stripe is encoded. */
  readonly scheme: ErasureScheme | null;
  /** The program that encodes, and its version: 1 to 63 printable characters. */
  readonly createdBy: string;
  /** What the chunks may bring in all; room for it is set aside until the put ends. */
  readonly maxPayloadBytes: number;
  /** What the room is taken from. */
  readonly purpose: PutPurpose;
}

/** The last message of a put. */
export interface PutShardCommit {
  /** The length of the payload as it was sent; the put fails as DATA_LOSS if other bytes have arrived. */
  readonly payloadBytes: number;
  /** The CRC32C of the payload as it was sent; the put fails as DATA_LOSS if other bytes have arrived. */
  readonly checksum: number;
  /** The stripe as it is known now. */
  readonly stripe: StripeSummary | null;
}

/** One message of a put: a beginning, chunks, a commit. */
export type PutShardRequest = ({
  readonly part: 'begin';
  /** The first message. */
  readonly begin: PutShardBegin;
} | {
  readonly part: 'chunk';
  /** The next piece of the payload; the pieces are in order, without gaps. */
  readonly chunk: ShardChunk;
} | {
  readonly part: 'commit';
  /** The last message. A stream that ends without it leaves nothing. */
  readonly commit: PutShardCommit;
} | { readonly part?: undefined });

/** The shard is under its name, survives a power loss, and was read back wholly. */
export interface PutShardResponse {
  /** The CRC32C of its payload. */
  readonly checksum: number;
  /** The length of its file. */
  readonly fileBytes: number;
}

/** What is asked of PullShard. */
export interface PullShardRequest {
  /** The shard. */
  readonly shard: ExpectedShard | null;
  /** Where in the payload to begin; 0, or where an earlier pull has ended. */
  readonly offset: number;
}

/** What precedes the payload of a pulled shard. */
export interface ShardDescription {
  /** How its stripe is encoded. */
  readonly scheme: ErasureScheme | null;
  /** The program that encoded it, and its version. */
  readonly createdBy: string;
  /** The stripe, with its record. */
  readonly stripe: StripeSummary | null;
}

/** One message of a pull: a description and chunks, or one of the others, which is the last. */
export type PullShardResponse = ({
  readonly part: 'description';
  /** The first message, if the shard is there. */
  readonly description: ShardDescription;
} | {
  readonly part: 'chunk';
  /** The next piece of the payload, verified; the pieces are in order, without gaps. */
  readonly chunk: ShardChunk;
} | {
  readonly part: 'missing';
  /** It is not there. */
  readonly missing: MissingShard;
} | {
  readonly part: 'corrupt';
  /** From here on it is corrupt. */
  readonly corrupt: CorruptBlocks;
} | {
  readonly part: 'unreadable';
  /** From here on the disk refuses. */
  readonly unreadable: UnreadableShard;
} | { readonly part?: undefined });

/** What is asked of ReadShard. */
export interface ReadShardRequest {
  /** The shard. */
  readonly shard: ExpectedShard | null;
  /** Where in the payload to begin. */
  readonly offset: number;
  /** How many bytes, 1 byte to 1 MiB; the range ends within the payload. */
  readonly length: number;
}

/** What ReadShard answers. */
export type ReadShardResponse = ({
  readonly part: 'chunk';
  /** All of the range, verified just now. */
  readonly chunk: ShardChunk;
} | {
  readonly part: 'missing';
  /** It is not there. */
  readonly missing: MissingShard;
} | {
  readonly part: 'corrupt';
  /** The range is corrupt; all blocks that it touches were looked at. */
  readonly corrupt: CorruptBlocks;
} | {
  readonly part: 'unreadable';
  /** The disk refuses. */
  readonly unreadable: UnreadableShard;
} | { readonly part?: undefined });

/** What is asked of VerifyShard. */
export interface VerifyShardRequest {
  /** The shard, all of which is read and compared. */
  readonly shard: ExpectedShard | null;
}

/** Every byte is as it was written. */
export interface ShardIntact {

}

/** What VerifyShard answers. */
export type VerifyShardResponse = ({
  readonly outcome: 'intact';
  /** Every byte is as it was written. */
  readonly intact: ShardIntact;
} | {
  readonly outcome: 'missing';
  /** It is not there. */
  readonly missing: MissingShard;
} | {
  readonly outcome: 'corrupt';
  /** These blocks are corrupt, and no others. */
  readonly corrupt: CorruptBlocks;
} | {
  readonly outcome: 'unreadable';
  /** The disk refuses. */
  readonly unreadable: UnreadableShard;
} | { readonly outcome?: undefined });

/** What is asked of DeleteShard. */
export interface DeleteShardRequest {
  /** Who commands. */
  readonly command: CommandContext | null;
  /** The shard. */
  readonly address: ShardAddress | null;
  /** Why it may be deleted. */
  readonly proof: DeletionProof | null;
}

/** What DeleteShard answers. */
export interface DeleteShardResponse {
  /** False: there was none, and nothing was to be done. */
  readonly found: boolean;
  /** When it can be deleted at the earliest, from now; UndeleteShard takes it back till then. */
  readonly dueInMs: number;
}

/** What is asked of UndeleteShard. */
export interface UndeleteShardRequest {
  /** Who commands. */
  readonly command: CommandContext | null;
  /** The shard. */
  readonly address: ShardAddress | null;
}

/** What UndeleteShard answers: the shard stays, also after a power loss. */
export interface UndeleteShardResponse {
  /** False: it was not to be deleted. */
  readonly found: boolean;
}

/** What is asked of ListShards. */
export interface ListShardsRequest {
  /** Pool.uuid. */
  readonly poolUuid: string;
  /** Only shards of this volume; empty: of all. */
  readonly volumeId: string;
  /** How many at most, 1 to 1000. */
  readonly limit: number;
  /** What the page before gave as next_cursor; empty: from the start. */
  readonly cursor: string;
}

/** What ListShards answers. */
export interface ListShardsResponse {
  /** A page, in the order of the pool: by volume, stripe and file, each as a text. */
  readonly shards: readonly StoredShard[];
  /** For the next page; empty: there is none. */
  readonly nextCursor: string;
}

/** What is asked of QuarantineVolume. */
export interface QuarantineVolumeRequest {
  /** Who commands. */
  readonly command: CommandContext | null;
  /** Pool.uuid. */
  readonly poolUuid: string;
  /** The volume of which nothing shall be deleted. */
  readonly volumeId: string;
  /** Why; for people, 1 to 1024 characters. */
  readonly reason: string;
}

/** What QuarantineVolume answers: nothing of the volume is deleted, also after a restart. */
export interface QuarantineVolumeResponse {

}

/** What is asked of ReleaseVolume. */
export interface ReleaseVolumeRequest {
  /** Who commands. */
  readonly command: CommandContext | null;
  /** Pool.uuid. */
  readonly poolUuid: string;
  /** The volume. */
  readonly volumeId: string;
}

/** What ReleaseVolume answers. */
export interface ReleaseVolumeResponse {
  /** False: it was not quarantined. */
  readonly found: boolean;
}

/** The shards in the pools of the agent's node. Bulk transfers are pulls by whoever wants the bytes: they are faster than puts. */
export interface ShardService {
  /** Writes a shard. The same shard put twice succeeds twice; another content under its name is ABORTED. */
  readonly PutShard: Method<PutShardRequest, PutShardResponse, true, false>;
  /** Sends a shard, all of it or from an offset on. */
  readonly PullShard: Method<PullShardRequest, PullShardResponse, false, true>;
  /** Reads a range of a shard. */
  readonly ReadShard: Method<ReadShardRequest, ReadShardResponse, false, false>;
  /** Reads and compares all of a shard, and sends none of it. */
  readonly VerifyShard: Method<VerifyShardRequest, VerifyShardResponse, false, false>;
  /** Marks a shard as to be deleted, for one of four proofs. Asked for again, the first mark and its grace stay. */
  readonly DeleteShard: Method<DeleteShardRequest, DeleteShardResponse, false, false>;
  /** Takes a deletion back. */
  readonly UndeleteShard: Method<UndeleteShardRequest, UndeleteShardResponse, false, false>;
  /** Lists the shards of a pool, page by page. */
  readonly ListShards: Method<ListShardsRequest, ListShardsResponse, false, false>;
  /** Stops deletions of a volume in a pool. */
  readonly QuarantineVolume: Method<QuarantineVolumeRequest, QuarantineVolumeResponse, false, false>;
  /** Lifts a quarantine; the grace of what was waiting begins again. */
  readonly ReleaseVolume: Method<ReleaseVolumeRequest, ReleaseVolumeResponse, false, false>;
}
