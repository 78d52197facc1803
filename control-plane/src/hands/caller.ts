/** Makes the calls that the machine asks for: each right after the object was seen to hold its intent, and up to the first that fails. */
import { InvariantError, toCoucheStorError, type CoucheStorError, type Logger } from '@couchestor/common/base';
import type { MigrationCall } from '../ports/operator-metrics.ts';
import type { StorageMover } from '../ports/storage-mover.ts';
import type { Drive } from './drive.ts';
import type { Call, StorageCall } from './instruction.ts';
import type { Look } from './look.ts';
import type { PlacementTurns } from './placement-turns.ts';

export interface CallerOptions {
  readonly mover: StorageMover;
  readonly turns: PlacementTurns;
  readonly logger: Logger;
  /** Told of each that was made and failed, or was refused. */
  readonly onFailure: (call: MigrationCall, error: CoucheStorError) => void;
  /** Runs what happens at the boundary of this name. */
  readonly marked: <Result>(name: string, run: () => Promise<Result>) => Promise<Result>;
}

const FAILED = {
  lock: 'The lock on placement could not be asked for or given back; that is tried again.',
  storage: 'A call of a migration failed; whether it took effect is looked for.',
} as const;
const NOT_MADE = 'A call of a migration was not made, since its object could not be read again.';

export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** An error: it is not known whether the call took effect, and that is looked for later. */
  async call(
    look: Look,
    drive: Drive,
    calls: readonly Call[],
    observedAtMs: number,
  ): Promise<'look again' | CoucheStorError> {
    const { logger, marked, onFailure } = this.#options;
    const phase = look.status?.phase ?? '';
    for (const call of calls) {
      const attempt = { isMade: false };
      try {
        const isCurrent = await marked(`${call.kind} ${phase}`, async () => {
          if (!(await look.isCurrent(observedAtMs))) return false;
          attempt.isMade = true;
          await this.#make(call, look, drive);
          return true;
        });
        if (!isCurrent) return 'look again';
      } catch (thrown) {
        const error = translated(thrown);
        const fields = { migration: look.name, call: call.kind, error };
        if (attempt.isMade) onFailure(call.kind, error);
        if (error.fields.refused !== true) {
          drive.gaveUp(call);
          logger.warn(attempt.isMade ? FAILED[isLocking(call) ? 'lock' : 'storage'] : NOT_MADE, fields);
          return error;
        }
        logger.info('A call of a migration was refused.', fields);
        drive.refused(error.message);
        return 'look again';
      }
    }
    return 'look again';
  }

  async #make(call: Call, look: Look, drive: Drive): Promise<void> {
    const { turns } = this.#options;
    if (call.kind === 'takeLock') {
      drive.begin();
      look.lock = await turns.acquire(look.name, look.signal);
      drive.watch.locked(look.lock.kind === 'held');
    } else if (call.kind === 'releaseLock') {
      await turns.release(look.name, look.signal);
      look.lock = { kind: 'released' };
      drive.watch.locked(false);
    } else {
      drive.calling(call);
      try {
        await this.#callStorage(call, look);
      } finally {
        drive.called(call);
      }
      drive.confirmed(call);
    }
  }

  async #callStorage(call: StorageCall, { record, signal }: Look): Promise<void> {
    const { mover } = this.#options;
    if (record.parsed.kind === 'invalid') return;
    switch (call.kind) {
      case 'setReplicaCount':
        return mover.setReplicaCount(record.parsed.value.spec.volumeId, call.count, signal);
      case 'cordonNode':
        return mover.cordonNode(call.node, call.label, signal);
      case 'uncordonNode':
        return mover.uncordonNode(call.node, call.label, signal);
      case 'cordonPool':
        return mover.cordonPool(call.pool, signal);
      case 'uncordonPool':
        return mover.uncordonPool(call.pool, signal);
    }
  }
}

function isLocking({ kind }: Call): boolean {
  return kind === 'takeLock' || kind === 'releaseLock';
}

/** A broken invariant is nobody's outcome. */
export function translated(thrown: unknown): CoucheStorError {
  if (thrown instanceof InvariantError) throw thrown;
  return toCoucheStorError(thrown);
}
