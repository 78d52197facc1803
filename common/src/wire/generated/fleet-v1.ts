// Generated from proto/couchestor/fleet/v1 by npm run generate.

import type { Method } from '../method.ts';
import type { CommandContext, Device, Pool } from './agent-v1.ts';
import type { ErrorDetail } from './errors-v1.ts';

/** A node as its agent sees it: whole, never a difference. */
export interface NodeReport {
  /** Raised by the agent whenever the report changes, from 1; a new process begins anew. */
  readonly revision: number;
  /** All disks. */
  readonly devices: readonly Device[];
  /** All pools that are open. */
  readonly pools: readonly Pool[];
  /** Whether the node takes no new shards, because somebody has said so. */
  readonly cordoned: boolean;
}

/** Takes no new shards from now on. What is there is served. */
export interface CordonCommand {
  /** Pool.uuid; absent: the node, with all its pools. */
  readonly poolUuid?: string | undefined;
  /** Why; for people. */
  readonly reason: string;
}

/** Takes new shards again. */
export interface UncordonCommand {
  /** Pool.uuid; absent: the node, with all its pools that are not cordoned themselves. */
  readonly poolUuid?: string | undefined;
}

/** Cordons, and ends when no shard is being written any more. */
export interface DrainCommand {
  /** Pool.uuid; absent: the node, with all its pools. */
  readonly poolUuid?: string | undefined;
  /** Why; for people. */
  readonly reason: string;
}

/** What the leader wants of an agent. It is sent again, under the same operation id, until its result has arrived. */
export type Command = {
  /** The leader's epoch, and the name of the command. */
  readonly context: CommandContext | null;
} & ({
  readonly action: 'cordon';
  /** Take no new shards. */
  readonly cordon: CordonCommand;
} | {
  readonly action: 'uncordon';
  /** Take new shards again. */
  readonly uncordon: UncordonCommand;
} | {
  readonly action: 'drain';
  /** Take no new shards, and wait for those that are being written. */
  readonly drain: DrainCommand;
} | { readonly action?: undefined });

/** How a command has ended. The same for every time that it arrives. */
export interface CommandResult {
  /** Of the command. */
  readonly operationId: string;
  /** Why it failed; absent: it succeeded. */
  readonly error?: ErrorDetail | undefined;
}

/** What is asked of Register. */
export interface RegisterRequest {
  /** The node; the certificate has to say the same. */
  readonly nodeName: string;
  /** Chosen anew by each process of the agent, so that an old one is told from its successor. */
  readonly instanceId: string;
  /** The boot of the node, as the kernel names it: what was not synced before is lost. */
  readonly bootId: string;
  /** The version of the agent. */
  readonly version: string;
  /** Where other processes reach the agent: host:port. */
  readonly address: string;
  /** The node now. */
  readonly report: NodeReport | null;
}

/** What Register answers. */
export interface RegisterResponse {
  /** The epoch of the leader. The agent refuses commands of older ones. */
  readonly epoch: number;
  /** Names the registration in heartbeats. */
  readonly sessionId: string;
  /** How often the agent is to send heartbeats. */
  readonly heartbeatIntervalMs: number;
  /** For how long after the last heartbeat the node counts as ready. */
  readonly heartbeatTimeoutMs: number;
}

/** A heartbeat. */
export interface HeartbeatRequest {
  /** Of the registration. */
  readonly sessionId: string;
  /** From 1, and one more for each heartbeat of the session. */
  readonly sequence: number;
  /** NodeReport.revision of the node now. */
  readonly reportRevision: number;
  /** The node now; absent if the control plane has acknowledged this revision. */
  readonly report?: NodeReport | undefined;
  /** Results that have not been acknowledged. */
  readonly results: readonly CommandResult[];
}

/** The answer to a heartbeat; also sent when there is a command. */
export interface HeartbeatResponse {
  /** The last heartbeat that has arrived. */
  readonly sequence: number;
  /** The epoch of the leader. */
  readonly epoch: number;
  /** The last NodeReport.revision that has arrived. */
  readonly reportRevision: number;
  /** Operation ids of the results that have arrived, and that need not be sent again. */
  readonly acknowledgedOperationIds: readonly string[];
  /** Commands that have no result yet, in the order in which they were given. */
  readonly commands: readonly Command[];
}

/** Membership. Only the leader serves it; the others answer UNAVAILABLE, with `leader` in the fields of the error if they know it. */
export interface FleetService {
  /** Announces an agent. A second registration of a node ends the session of the first. */
  readonly Register: Method<RegisterRequest, RegisterResponse, false, false>;
  /** Keeps a node ready. ABORTED: the session is over, and the agent registers again. */
  readonly Heartbeat: Method<HeartbeatRequest, HeartbeatResponse, true, true>;
}
