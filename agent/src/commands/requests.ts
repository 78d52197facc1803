/** What can be asked for, once it is known to be sound. */
import type { NodeName, PoolUuid, VolumeId } from '@couchestor/common/base';
import type { PoolTier } from '../pools/index.ts';
import type { DiscoverRequest } from './discover-request.ts';

export interface InitRequest {
  readonly command: 'pool init';
  readonly folder: string;
  readonly node: NodeName;
  readonly tier: PoolTier;
  readonly uuid: PoolUuid | undefined;
  readonly output: 'text' | 'json';
  readonly dryRun: boolean;
}

export interface ListRequest {
  readonly command: 'pool ls';
  readonly folders: readonly string[];
  readonly shards: boolean;
  readonly volume: VolumeId | undefined;
  readonly output: 'table' | 'json';
}

export interface CheckRequest {
  readonly command: 'pool check';
  readonly folders: readonly string[];
  readonly output: 'table' | 'json';
}

export interface ScrubRequest {
  readonly command: 'pool scrub';
  readonly folder: string;
  readonly bandwidthBytesPerSecond: number | undefined;
  readonly tranquility: number;
  readonly restart: boolean;
  readonly output: 'table' | 'json';
  readonly dryRun: boolean;
}

export interface VersionRequest {
  readonly command: 'version';
}

export type Request = InitRequest | ListRequest | CheckRequest | ScrubRequest | DiscoverRequest | VersionRequest;
