/** The services of `proto/`, typed, with serialisers that do not copy where shards travel. */
import { checkChunk, ChunkFrame, readChunk } from './chunk-frame.ts';
import { definitionOf } from './definition.ts';
import type { HardwareService, PoolService, ShardChunk, ShardService } from './generated/agent-v1.ts';
import type { FleetService } from './generated/fleet-v1.ts';

/** A message of which field 2 is a chunk. */
type CarriesChunk = { readonly part: 'chunk'; readonly chunk: ShardChunk } | { readonly part?: string | undefined };

const shards = definitionOf('couchestor.agent.v1.ShardService') as unknown as ShardService;

export const hardwareService = definitionOf('couchestor.agent.v1.HardwareService') as unknown as HardwareService;

export const poolService = definitionOf('couchestor.agent.v1.PoolService') as unknown as PoolService;

/** Sends a ChunkFrame without a copy, and gives the data of a chunk that arrives as a part of the message. */
export const shardService: ShardService = {
  ...shards,
  PutShard: {
    ...shards.PutShard,
    requestSerialize: sending(shards.PutShard.requestSerialize),
    requestDeserialize: receiving(shards.PutShard.requestDeserialize),
  },
  PullShard: {
    ...shards.PullShard,
    responseSerialize: sending(shards.PullShard.responseSerialize),
    responseDeserialize: receiving(shards.PullShard.responseDeserialize),
  },
  ReadShard: {
    ...shards.ReadShard,
    responseSerialize: sending(shards.ReadShard.responseSerialize),
    responseDeserialize: receiving(shards.ReadShard.responseDeserialize),
  },
};

export const fleetService = definitionOf('couchestor.fleet.v1.FleetService') as unknown as FleetService;

function sending<Message extends CarriesChunk>(serialize: (message: Message) => Buffer): (message: Message) => Buffer {
  return (message) => (message instanceof ChunkFrame ? message.bytes : serialize(message));
}

function receiving<Message extends CarriesChunk>(
  deserialize: (bytes: Buffer) => Message,
): (bytes: Buffer) => Message | { readonly part: 'chunk'; readonly chunk: ShardChunk } {
  return (bytes) => {
    const chunk = readChunk(bytes);
    const message = chunk === undefined ? deserialize(bytes) : ({ part: 'chunk', chunk } as const);
    if (message.part === 'chunk' && 'chunk' in message) checkChunk(message.chunk);
    return message;
  };
}
