/** What travels between the processes: the services and messages of `proto/`, typed, and errors as gRPC carries them. */
export { ChunkFrame, MAX_CHUNK_BYTES } from './chunk-frame.ts';
export { reflectedDefinition } from './definition.ts';
export { fromErrorDetail, fromGrpcStatus, toErrorDetail, toGrpcStatus } from './grpc-error.ts';
export type { Handlers } from './handlers.ts';
export type { Method } from './method.ts';
export { fleetService, hardwareService, poolService, shardService } from './services.ts';
export type * from './generated/agent-v1.ts';
export type { ErrorDetail, ErrorValue, ErrorCode as WireErrorCode } from './generated/errors-v1.ts';
export type * from './generated/fleet-v1.ts';
