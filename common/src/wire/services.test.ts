import { Client, credentials, Server, ServerCredentials, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { join } from 'node:path';
import { CoucheStorError } from '../base/index.ts';
import {
  ChunkFrame,
  fleetService,
  fromGrpcStatus,
  hardwareService,
  poolService,
  reflectedDefinition,
  shardService,
  toGrpcStatus,
  type ExpectedShard,
  type Handlers,
  type Method,
  type PullShardResponse,
  type PutShardRequest,
  type ShardService,
} from './index.ts';

const name = { volumeId: 'pvc-1', stripeId: '7-42', index: 3, placement: 1 };
const shard: ExpectedShard = { address: { poolUuid: 'pool-1', name }, payloadBytes: 300, checksum: 2 ** 32 - 1 };

const throughRequest = <Request>(
  method: Pick<Method<Request, never, boolean, boolean>, 'requestSerialize' | 'requestDeserialize'>,
  request: Request,
): Request => method.requestDeserialize(method.requestSerialize(request));

describe('messages', () => {
  it('come out as their types say', () => {
    const epoch = Number.MAX_SAFE_INTEGER;
    const request: PutShardRequest = {
      part: 'begin',
      begin: {
        command: { epoch, operationId: 'op-1' },
        address: { poolUuid: 'pool-1', name },
        scheme: { matrixId: 'rs-cauchy1/1', dataShards: 4, parityShards: 2, localGroups: 0 },
        createdBy: 'agent/1.0.0',
        maxPayloadBytes: 2 ** 32,
        purpose: 'PUT_PURPOSE_REPAIR',
      },
    };
    expect(throughRequest(shardService.PutShard, request)).toEqual(request);
  });

  it('have null for absent messages, nothing for what is optional, and defaults otherwise', () => {
    const read = (bytes: number[]): unknown => fleetService.Heartbeat.requestDeserialize(Buffer.from(bytes));
    expect(read([])).toEqual({ sessionId: '', sequence: 0, reportRevision: 0, results: [] });
    expect(shardService.ReadShard.requestDeserialize(Buffer.alloc(0))).toEqual({ shard: null, offset: 0, length: 0 });
    expect(shardService.PutShard.requestDeserialize(Buffer.alloc(0))).toEqual({});
  });

  it('give a number that no number holds as one that is no safe integer', () => {
    const bytes = [0x10, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    const { offset } = shardService.ReadShard.requestDeserialize(Buffer.from(bytes));
    expect(offset).toBe(2 ** 53);
    expect(Number.isSafeInteger(offset)).toBe(false);
  });

  it('give a value of an enum that is not known as its number', () => {
    const { device } = hardwareService.GetDevice.responseDeserialize(Buffer.from([0x0a, 0x02, 0x28, 0x63]));
    expect(device?.media).toBe(99);
  });
});

describe('bytes that are no message', () => {
  const methods = [hardwareService, poolService, shardService, fleetService].flatMap(
    (service) => Object.values(service) as Method<unknown, unknown, boolean, boolean>[],
  );

  it('are refused with an error or read as far as they are one, in every direction of every method', () => {
    expect(methods).toHaveLength(15);
    const bytes = fc.uint8Array({ maxLength: 200 }).map((one) => Buffer.from(one));
    fc.assert(
      fc.property(bytes, fc.constantFrom(...methods), (message, { requestDeserialize, responseDeserialize }) => {
        for (const read of [requestDeserialize, responseDeserialize]) {
          try {
            expect(typeof read(message)).toBe('object');
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the reflected contracts', () => {
  it('are those of the files of proto/, all of them', () => {
    const includeDirs = [join(import.meta.dirname, '../../../proto')];
    const files = ['agent/v1/shard_service', 'agent/v1/pool', 'fleet/v1/fleet_service'];
    const names = files.map((file) => `couchestor/${file}.proto`);
    const [read, embedded] = [loadSync(names, { includeDirs, keepCase: true }), reflectedDefinition()];
    const typesOf = (definition: typeof read): unknown =>
      Object.fromEntries(
        Object.entries(definition)
          .filter(([name]) => name.startsWith('couchestor.'))
          .map(([name, { type }]) => [name, JSON.stringify(type)])
          .sort(),
      );
    expect(typesOf(embedded)).toEqual(typesOf(read));
  });

  it('have the services under the names of proto/', () => {
    const reflected = reflectedDefinition();
    const services = { agent: ['HardwareService', 'PoolService', 'ShardService'], fleet: ['FleetService'] };
    for (const [area, names] of Object.entries(services)) {
      for (const one of names) expect(reflected).toHaveProperty([`couchestor.${area}.v1.${one}`]);
    }
    expect(JSON.stringify(reflected['couchestor.agent.v1.ShardName'])).toContain('"volume_id"');
    expect(poolService.GetPool.path).toBe('/couchestor.agent.v1.PoolService/GetPool');
  });
});

describe('shards over gRPC', () => {
  const server = new Server();
  let client: Client;

  const refuse = (error: CoucheStorError): StatusObject => toGrpcStatus(error);
  const handlers: Pick<Handlers<ShardService>, 'PutShard' | 'PullShard' | 'ReadShard'> = {
    PutShard: (call, callback) => {
      let fileBytes = 0;
      call.on('data', (message: PutShardRequest) => {
        if (message.part === 'chunk') fileBytes += message.chunk.data.length;
      });
      call.on('end', () => callback(null, { checksum: 1, fileBytes }));
    },
    PullShard: (call) => {
      const { offset } = call.request;
      const frame = new ChunkFrame(100);
      const send = (at: number): void => {
        if (at === 300) return void call.end();
        frame.room.fill(at / 100);
        call.write(frame.hold(at, 100), () => send(at + 100));
      };
      send(offset);
    },
    ReadShard: (_, callback) => {
      const remedy = 'read within it';
      const error = new CoucheStorError('invalid', 'offset: é is behind the end', {
        fields: { field: 'offset', remedy },
      });
      callback(refuse(error));
    },
  };

  beforeAll(async () => {
    const { PutShard, PullShard, ReadShard } = shardService;
    server.addService({ PutShard, PullShard, ReadShard }, handlers);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  });

  afterAll(() => {
    client.close();
    server.forceShutdown();
  });

  it('are pulled from an offset on, each piece from the same frame', async () => {
    const { path, requestSerialize, responseDeserialize } = shardService.PullShard;
    const pull = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { shard, offset: 100 });
    const pieces: [number, Uint8Array][] = [];
    for await (const message of pull as AsyncIterable<PullShardResponse>) {
      if (message.part === 'chunk') pieces.push([message.chunk.offset, message.chunk.data]);
    }
    expect(pieces).toEqual([
      [100, Buffer.alloc(100, 1)],
      [200, Buffer.alloc(100, 2)],
    ]);
  });

  it('are put from frames and from plain messages', async () => {
    const { path, requestSerialize, responseDeserialize } = shardService.PutShard;
    const put = await new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, (error, response) =>
        error === null ? resolve(response) : reject(error),
      );
      call.write(new ChunkFrame(1000).hold(0, 1000));
      call.write({ part: 'chunk', chunk: { offset: 1000, data: new Uint8Array(24) } });
      call.end();
    });
    expect(put).toEqual({ checksum: 1, fileBytes: 1024 });
  });

  it('are refused with the error of the other side', async () => {
    const { path, requestSerialize, responseDeserialize } = shardService.ReadShard;
    const error = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { shard, offset: 400, length: 1 }, resolve);
    });
    expect(fromGrpcStatus(error!)).toMatchObject({
      code: 'invalid',
      message: 'offset: é is behind the end',
      fields: { field: 'offset', remedy: 'read within it' },
    });
  });
});
