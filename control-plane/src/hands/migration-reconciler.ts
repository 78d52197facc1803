/**
 * The driver of the machine: reads the object fresh, looks at the storage system, asks what to do, does that one thing, and looks
 * again. It decides nothing. What it holds in memory only saves waiting; after a crash the next one starts from the status alone.
 * A call is made only right after the object was seen to hold its intent, so that a process that was paused acts on nothing old:
 * that is one read of the object for each call, unless this look has only just written it, besides the one that begins a look.
 */
import {
  MIGRATION_FINALIZER,
  setCondition,
  type Cordon,
  type FieldError,
  type MigrationPhase,
  type PolicyReference,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import {
  CoucheStorError,
  InvariantError,
  toCoucheStorError,
  type Clock,
  type Logger,
  type VolumeId,
} from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { PlacementLock } from '../ports/placement-lock.ts';
import type { Reconciler, ReconcileResult } from '../ports/reconciler.ts';
import type { StorageMover } from '../ports/storage-mover.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';
import { Drive } from './drive.ts';
import type { Call, Instruction, StorageCall } from './instruction.ts';
import { atFirstSight, nextInstruction, type FirstSight, type Moment } from './machine.ts';
import type { LockFact, Observation } from './observation.ts';
import { PlacementTurns } from './placement-turns.ts';
import { settingsOf, type HandsSettings } from './settings.ts';
import { STALLED } from './view.ts';

export interface MigrationReconcilerOptions {
  /** `snapshot` tells of cordons that were set under another leader. */
  readonly migrations: Pick<VolumeMigrations, 'read' | 'writeStatus' | 'release'> &
    Partial<Pick<VolumeMigrations, 'snapshot'>>;
  readonly mover: StorageMover;
  readonly lock: PlacementLock;
  /** Whether nobody is left to count the migrations of this policy. */
  readonly isPolicyGone: (policy: PolicyReference) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings?: Partial<HandsSettings>;
  /** Has this migration reconciled at once: it may place its replica now. Without it that takes a while longer. */
  readonly wake?: (name: string) => void;
  /** Told once the new phase is written; `from` is undefined for a migration that had none. */
  readonly onPhase?: (record: VolumeMigrationRecord, from: MigrationPhase | undefined, to: MigrationPhase) => void;
  /** Told once of a deleted object that cannot be understood and has left something behind, with what to do about it. */
  readonly onStranded?: (record: VolumeMigrationRecord, message: string) => void;
  /** Called before and after every write and every call, under a name that tells which; for tests that end the process there. */
  readonly mark?: ((name: string) => void | Promise<void>) | undefined;
}

/** What one look at a migration goes by, from the read of the object on. */
interface Look {
  readonly name: string;
  record: VolumeMigrationRecord;
  /** On the monotonic clock: when the object was last known to be as `record` has it. */
  recordAtMs: number;
  /** Known from a write of this look, which nobody else can have made meanwhile. */
  isOwnWrite: boolean;
  lock: LockFact;
  readonly signal: AbortSignal;
}

type Wanted = Omit<Extract<FirstSight, { kind: 'look' }>, 'kind'> & { readonly volumeId: VolumeId };

type Next = ReconcileResult | 'look again';

/** Whoever waits for the lock asks again after each retry. */
const ABSENT_AFTER_RETRIES = 3;
const DONE: ReconcileResult = { kind: 'done' };

export class MigrationReconciler implements Reconciler {
  readonly #options: MigrationReconcilerOptions;
  readonly #settings: HandsSettings;
  readonly #turns: PlacementTurns;
  readonly #drives = new Map<string, Drive>();
  /** Objects that cannot be understood, as they were when that was told. */
  readonly #left = new Map<string, string>();

  constructor(options: MigrationReconcilerOptions) {
    this.#options = options;
    this.#settings = settingsOf(options.settings);
    const { lock, clock, wake } = options;
    this.#turns = new PlacementTurns({
      lock,
      clock,
      patienceMs: ABSENT_AFTER_RETRIES * this.#settings.retryMs,
      wake: (name) => {
        this.#drives.get(name)?.wake();
        wake?.(name);
      },
    });
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { migrations, clock } = this.#options;
    const recordAtMs = clock.monotonic();
    const record = await migrations.read(name, signal);
    if (record === undefined) {
      this.#turns.leave(name);
      return this.#forget(name);
    }
    const drive = this.#driveOf(record);
    const restMs = drive.restMs(record);
    if (restMs > 0) return { kind: 'again', afterMs: restMs };
    const look: Look = { name, record, recordAtMs, isOwnWrite: false, lock: { kind: 'unknown' }, signal };
    try {
      return await this.#drive(look, drive);
    } finally {
      if (look.lock.kind !== 'taken') this.#turns.leave(name);
    }
  }

  async #drive(look: Look, drive: Drive): Promise<ReconcileResult> {
    const { maxSteps, lookMaxMs } = this.#settings;
    const startMs = this.#options.clock.monotonic();
    for (let step = 0; step < maxSteps; step += 1) {
      if (look.signal.aborted || this.#options.clock.monotonic() - startMs >= lookMaxMs) break;
      const next = await this.#step(look, drive);
      if (next !== 'look again') return next;
    }
    return { kind: 'again', afterMs: 0 };
  }

  async reportFailure(name: string, error: CoucheStorError, signal: AbortSignal): Promise<void> {
    const { migrations, clock } = this.#options;
    const record = await migrations.read(name, signal);
    if (record?.parsed.kind !== 'ok') return;
    const { status } = record.parsed.value;
    if (status === undefined) return;
    const reason = error.code.charAt(0).toUpperCase() + error.code.slice(1);
    const update = { type: STALLED, status: 'True', reason, message: error.message } as const;
    const conditions = setCondition(status.conditions ?? [], update, clock.now());
    if (conditions !== status.conditions) await migrations.writeStatus(record, { ...status, conditions }, signal);
  }

  async #step(look: Look, drive: Drive): Promise<Next> {
    await this.#refresh(look, this.#settings.viewMaxAgeMs);
    if (look.record.parsed.kind === 'invalid') {
      await this.#leave(look, look.record.parsed.errors);
      return DONE;
    }
    drive.watch.saw(look.record.parsed.value.status, look.record.generation);
    const first = atFirstSight(look.record, this.#moment(look));
    if (first.kind === 'decided') return this.#carryOut(look, drive, first.instruction);
    const { volumeId } = look.record.parsed.value.spec;
    const observedAtMs = this.#options.clock.monotonic();
    const observation = await this.#observe(look, drive, { ...first, volumeId });
    if (observation === undefined) return { kind: 'again', afterMs: this.#settings.retryMs };
    const instruction = nextInstruction(look.record, observation, this.#moment(look));
    return this.#carryOut(look, drive, instruction, observedAtMs);
  }

  /** Nothing may be done for what cannot be understood, but to let it go where it has left nothing behind. */
  async #leave({ name, record, signal }: Look, errors: readonly FieldError[]): Promise<void> {
    const { migrations, logger, onStranded } = this.#options;
    const { uid, deleting, leftovers } = record;
    this.#drives.delete(name);
    if (deleting && leftovers?.length === 0) {
      logger.warn('A deleted migration that cannot be understood is let go.', { migration: name, errors });
      await this.#turns.release(name, signal);
      await this.#marked('release', () => migrations.release(record, signal));
      this.#forget(name);
      return;
    }
    const state = `${uid} ${deleting ? 'deleted' : 'there'}`;
    if (this.#left.get(name) === state) return;
    this.#left.set(name, state);
    const message = deleting ? stranded(leftovers) : 'Nothing is done for it until it can be understood.';
    logger.warn('A migration cannot be understood.', { migration: name, errors, message });
    if (deleting) onStranded?.(record, message);
  }

  /** Reads the object again if what is known of it is as old. A change of it is for the next decision to see. */
  async #refresh(look: Look, maxAgeMs: number): Promise<'as it was' | 'changed'> {
    const { migrations, clock } = this.#options;
    const nowMs = clock.monotonic();
    if (nowMs - look.recordAtMs < maxAgeMs) return 'as it was';
    const record = await migrations.read(look.name, look.signal);
    if (record === undefined) throw new CoucheStorError('conflict', `Migration ${look.name} is gone.`);
    const isSame = record.resourceVersion === look.record.resourceVersion && record.uid === look.record.uid;
    look.record = record;
    look.recordAtMs = nowMs;
    look.isOwnWrite = false;
    return isSame ? 'as it was' : 'changed';
  }

  /** Undefined: the storage system cannot be looked at now. */
  async #observe(
    look: Look,
    drive: Drive,
    { volumeId, rebuilds, cordons, other: otherName }: Wanted,
  ): Promise<Observation | undefined> {
    const { migrations, mover, logger } = this.#options;
    const { signal } = look;
    const other = otherName === undefined ? undefined : await migrations.read(otherName, signal);
    try {
      // In between one may be lifted and forgotten, or set.
      const before = cordons ? this.#ownCordons() : [];
      const surroundings = await mover.surroundings(signal);
      const volume = await mover.volume(volumeId, signal);
      const history = rebuilds && volume !== undefined ? await mover.rebuildHistory(volumeId, signal) : undefined;
      const ownCordons = cordons ? [...before, ...this.#ownCordons()] : [];
      return { volume, surroundings, ownCordons, other, rebuilds: history, lock: look.lock, ...drive.memory() };
    } catch (thrown) {
      const error = translated(thrown);
      logger.warn('The storage system cannot be looked at; the migration waits.', { migration: look.name, error });
      return undefined;
    }
  }

  /** As this process has read and written them itself, and as the cache has those of others. */
  #ownCordons(): readonly Cordon[] {
    const cached = this.#options.migrations.snapshot?.();
    const records = cached?.kind === 'ok' ? cached.migrations : [];
    return [...this.#drives.values(), ...records.map(standing)].flatMap(({ cordons }) => cordons);
  }

  async #carryOut(look: Look, drive: Drive, instruction: Instruction, observedAtMs = 0): Promise<Next> {
    switch (instruction.kind) {
      case 'write':
        await this.#write(look, drive, instruction.status);
        return 'look again';
      case 'claim':
        await this.#claim(look, instruction, observedAtMs);
        return 'look again';
      case 'effect':
        return this.#call(look, drive, instruction.calls, observedAtMs);
      case 'wait':
        if (instruction.status !== undefined) await this.#write(look, drive, instruction.status);
        return { kind: 'again', afterMs: drive.rest(look.record, instruction.afterMs) };
      case 'release':
        await this.#marked('release', () => this.#options.migrations.release(look.record, look.signal));
        return this.#forget(look.name);
      case 'done':
        return this.#forget(look.name);
    }
  }

  async #write(look: Look, drive: Drive, status: VolumeMigrationStatus): Promise<void> {
    const { migrations, clock, onPhase } = this.#options;
    const before = look.record.parsed.kind === 'ok' ? look.record.parsed.value.status : undefined;
    const name = `write ${status.phase}${status.intent === undefined ? '' : ` ${status.intent.step}`}`;
    await this.#marked(name, async () => {
      const sentAtMs = clock.monotonic();
      look.record = await migrations.writeStatus(look.record, status, look.signal);
      look.recordAtMs = sentAtMs;
      look.isOwnWrite = true;
    });
    drive.wrote(status, before);
    if (before?.phase !== status.phase) {
      this.#options.logger.debug('A migration entered a phase.', {
        migration: look.name,
        from: before?.phase,
        phase: status.phase,
        reason: status.message,
      });
      onPhase?.(look.record, before?.phase, status.phase);
    }
  }

  async #claim(
    look: Look,
    { record, status }: Extract<Instruction, { kind: 'claim' }>,
    observedAtMs: number,
  ): Promise<void> {
    const { migrations, logger } = this.#options;
    await this.#marked('claim', async () => {
      if (!(await this.#isCurrent(look, observedAtMs))) return;
      await migrations.writeStatus(record, status, look.signal);
      logger.info('A migration takes over what another one left.', { migration: look.name, from: record.name });
    });
  }

  async #call(look: Look, drive: Drive, calls: readonly Call[], observedAtMs: number): Promise<Next> {
    const { logger } = this.#options;
    const phase = look.record.parsed.kind === 'ok' ? (look.record.parsed.value.status?.phase ?? '') : '';
    for (const call of calls) {
      try {
        const made = await this.#marked(`${call.kind} ${phase}`, async () => {
          if (!(await this.#isCurrent(look, observedAtMs))) return false;
          await this.#make(call, look, drive);
          return true;
        });
        if (!made) return 'look again';
      } catch (thrown) {
        const error = translated(thrown);
        const fields = { migration: look.name, call: call.kind, error };
        if (error.fields.refused !== true) {
          drive.gaveUp(call);
          logger.warn('A call of a migration failed; whether it took effect is looked for.', fields);
          return { kind: 'again', afterMs: this.#settings.retryMs };
        }
        logger.info('A call of a migration was refused.', fields);
        drive.refused(error.message);
        return 'look again';
      }
    }
    return 'look again';
  }

  /** The last thing before a call: what it rests on was true a moment ago. */
  async #isCurrent(look: Look, observedAtMs: number): Promise<boolean> {
    const { ownWriteMaxAgeMs, observationMaxAgeMs } = this.#settings;
    const refreshed = await this.#refresh(look, look.isOwnWrite ? ownWriteMaxAgeMs : 0);
    if (refreshed === 'changed' || look.signal.aborted) return false;
    return this.#options.clock.monotonic() - observedAtMs < observationMaxAgeMs;
  }

  async #make(call: Call, look: Look, drive: Drive): Promise<void> {
    if (call.kind === 'takeLock') {
      drive.begin();
      look.lock = await this.#turns.acquire(look.name, look.signal);
      drive.watch.locked(look.lock.kind === 'held');
    } else if (call.kind === 'releaseLock') {
      await this.#turns.release(look.name, look.signal);
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

  async #callStorage(call: StorageCall, look: Look): Promise<void> {
    const { mover } = this.#options;
    const { record, signal } = look;
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

  async #marked<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    const { mark } = this.#options;
    await mark?.(`before ${name}`);
    const result = await run();
    await mark?.(`after ${name}`);
    return result;
  }

  #moment({ record: { parsed } }: Look): Moment {
    const { clock, isPolicyGone } = this.#options;
    return {
      nowMs: clock.now(),
      settings: this.#settings,
      isPolicyGone: parsed.kind === 'ok' && isPolicyGone(parsed.value.spec.policyRef),
    };
  }

  #driveOf(record: VolumeMigrationRecord): Drive {
    const known = this.#drives.get(record.name);
    const drive = known?.uid === record.uid ? known : new Drive(record.uid, this.#options.clock);
    this.#drives.set(record.name, drive);
    drive.cordons = standing(record).cordons;
    return drive;
  }

  #forget(name: string): ReconcileResult {
    this.#drives.delete(name);
    this.#left.delete(name);
    return DONE;
  }
}

function standing({ parsed }: VolumeMigrationRecord): { readonly cordons: readonly Cordon[] } {
  return { cordons: parsed.kind === 'ok' ? (parsed.value.status?.cordons ?? []) : [] };
}

function stranded(leftovers: readonly string[] = ['status']): string {
  const fields = leftovers.map((field) => (field === 'status' ? field : `status.${field}`)).join(', ');
  return `It was deleted, cannot be understood, and is kept for its ${fields}: undo by hand what they tell of in Mayastor, then take its finalizer ${MIGRATION_FINALIZER} away.`;
}

/** A broken invariant is nobody's outcome. */
function translated(thrown: unknown): CoucheStorError {
  if (thrown instanceof InvariantError) throw thrown;
  return toCoucheStorError(thrown);
}
