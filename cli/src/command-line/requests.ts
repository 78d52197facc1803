/** What can be asked for, once it is known to be sound. */
import type { MigrationPhase } from '@couchestor/common/api';

export interface Connection {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly requestTimeoutMs: number;
}

export interface MigrationsRequest {
  readonly command: 'migrations';
  readonly policy: string | undefined;
  readonly volume: string | undefined;
  readonly phase: MigrationPhase | undefined;
  readonly output: 'table' | 'wide' | 'json' | 'yaml' | 'name';
  readonly watch: boolean;
}

export interface CancelRequest {
  readonly command: 'cancel';
  readonly names: readonly string[];
  readonly cleanup: boolean;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly dryRun: boolean;
}

export interface ApproveRequest {
  readonly command: 'approve';
  readonly names: readonly string[];
  readonly by: string | undefined;
  readonly dryRun: boolean;
}

export interface ExplainRequest {
  readonly command: 'explain';
  readonly volume: string;
  readonly policy: string | undefined;
  readonly output: 'text' | 'json';
  readonly operatorUrl: string | undefined;
}

export interface VersionRequest {
  readonly command: 'version';
}

export type Request = MigrationsRequest | CancelRequest | ApproveRequest | ExplainRequest | VersionRequest;
