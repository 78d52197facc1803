/**
 * The driver of the machine: reads the object fresh, looks at the storage system, asks what to do, does that one thing, and looks
 * again. It decides nothing. What it holds in memory only saves waiting; after a crash the next one starts from the status alone.
 * A call is made only right after the object was seen to hold its intent, so that a process that was paused acts on nothing old:
 * that is one read of the object for each call, unless this look has only just written it, besides the one that begins a look.
 */
import {
  boundedMessage,
  findCondition,
  removeCondition,
  setCondition,
  type Cordon,
  type FieldError,
  type MigrationPhase,
  type PolicyReference,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import { CoucheStorError, type Clock, type Logger, type VolumeId } from '@couchestor/common/base';
import type { Admission } from '../model/admission.ts';
import { isWaiting } from '../model/cluster-snapshot.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { MigrationCall } from '../ports/operator-metrics.ts';
import type { PlacementLock } from '../ports/placement-lock.ts';
import type { Reconciler, ReconcileResult } from '../ports/reconciler.ts';
import type { StorageMover } from '../ports/storage-mover.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';
import { Caller, translated, type CallerOptions } from './caller.ts';
import { Drive } from './drive.ts';
import type { Call, Instruction } from './instruction.ts';
import { Look } from './look.ts';
import { atFirstSight, nextInstruction, type FirstSight, type Moment } from './machine.ts';
import { NOWHERE, type Observation } from './observation.ts';
import { PlacementTurns } from './placement-turns.ts';
import { settingsOf, type HandsSettings } from './settings.ts';
import { Unreadable } from './unreadable.ts';
import { OBSERVED, STALLED, type OperatorModes } from './view.ts';

export interface MigrationReconcilerOptions {
  /** `snapshot` tells of cordons that were set under another leader. */
  readonly migrations: Pick<VolumeMigrations, 'read' | 'writeStatus' | 'hold' | 'release'> &
    Partial<Pick<VolumeMigrations, 'snapshot'>>;
  readonly mover: StorageMover;
  readonly lock: PlacementLock;
  /** Whether nobody is left to count the migrations of this policy. */
  readonly isPolicyGone: (policy: PolicyReference) => boolean;
  /** Asked before a migration begins; without it every one may. */
  readonly gate?: Gate;
  /** The operator's own flags; without them none is set. */
  readonly operator?: OperatorModes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings?: Partial<HandsSettings>;
  /** Has this migration reconciled at once: it may place its replica now. Without it that takes a while longer. */
  readonly wake?: (name: string) => void;
  /** Told once the new phase is written; `from` is undefined for a migration that had none. */
  readonly onPhase?: (record: VolumeMigrationRecord, from: MigrationPhase | undefined, to: MigrationPhase) => void;
  /** Told once of a deleted object that cannot be understood and has left something behind, with what to do about it. */
  readonly onStranded?: (record: VolumeMigrationRecord, message: string) => void;
  /** Told of every call that failed or was refused. */
  readonly onCallFailure?: (call: MigrationCall, error: CoucheStorError) => void;
  /** Called before and after every write and every call, under a name that tells which; for tests that end the process there. */
  readonly mark?: ((name: string) => void | Promise<void>) | undefined;
}

/** Who knows of policies, limits and decisions. */
export interface Gate {
  /** In the moment before it begins. */
  admit(record: VolumeMigrationRecord): Admission;
  /** Told in the same moment that it does begin. */
  begins(record: VolumeMigrationRecord): void;
}

type Wanted = Omit<Extract<FirstSight, { kind: 'look' }>, 'kind'> & { readonly volumeId: VolumeId };

type Next = ReconcileResult | 'look again';

/** Whoever waits for the lock asks again after each retry. */
const ABSENT_AFTER_RETRIES = 3;
/** Failures in a row that the object tells of. */
const FAILURES_TOLD = 3;
const PLANNED = { phase: 'Pending' } as const;
const ADMITTED: Admission = { kind: 'admitted' };
const ACTING: OperatorModes = { dryRun: false, preservation: false };
const DONE: ReconcileResult = { kind: 'done' };

export class MigrationReconciler implements Reconciler {
  readonly #options: MigrationReconcilerOptions;
  readonly #settings: HandsSettings;
  readonly #turns: PlacementTurns;
  readonly #drives = new Map<string, Drive>();
  readonly #unreadable: Unreadable;
  readonly #caller: Caller;

  constructor(options: MigrationReconcilerOptions) {
    this.#options = options;
    this.#settings = settingsOf(options.settings);
    const { lock, clock, wake, mover, logger, onCallFailure } = options;
    this.#unreadable = new Unreadable(options);
    this.#turns = new PlacementTurns({
      lock,
      clock,
      patienceMs: ABSENT_AFTER_RETRIES * this.#settings.retryMs,
      wake: (name) => {
        this.#drives.get(name)?.wake();
        wake?.(name);
      },
    });
    const marked: CallerOptions['marked'] = (name, run) => this.#marked(name, run);
    this.#caller = new Caller({
      mover,
      logger,
      turns: this.#turns,
      marked,
      onFailure: (call, error) => onCallFailure?.(call, error),
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
    const look = new Look({ migrations, clock, settings: this.#settings, record, recordAtMs, signal });
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
    const reason = capitalised(error.code);
    const known = findCondition(status.conditions ?? [], STALLED);
    // A message that is another each time would wake the migration up, to fail anew, as fast as it is written.
    if (known?.status === 'True' && known.reason === reason) return;
    const update = { type: STALLED, status: 'True', reason, message: boundedMessage(error.message) } as const;
    const conditions = setCondition(status.conditions ?? [], update, clock.now());
    await migrations.writeStatus(record, { ...status, conditions }, signal);
  }

  async #step(look: Look, drive: Drive): Promise<Next> {
    await look.refresh(this.#settings.viewMaxAgeMs);
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
    if (observation instanceof CoucheStorError) return this.#failed(look, drive, observation);
    const instruction = nextInstruction(look.record, observation, this.#moment(look));
    return this.#carryOut(look, drive, instruction, observedAtMs);
  }

  async #leave({ name, record, signal }: Look, errors: readonly FieldError[]): Promise<void> {
    this.#drives.delete(name);
    if (this.#unreadable.leave(record, errors) === 'stays') return;
    await this.#turns.release(name, signal);
    await this.#marked('release', () => this.#options.migrations.release(record, signal));
    this.#forget(name);
  }

  /** Told once by the object, until something of it has gone well again. */
  async #failed(look: Look, drive: Drive, { code, message }: CoucheStorError): Promise<ReconcileResult> {
    drive.failed();
    const { status } = look;
    const known = findCondition(status?.conditions ?? [], OBSERVED);
    if (status !== undefined && drive.failureCount >= FAILURES_TOLD && known === undefined) {
      const text = boundedMessage(`It cannot go on: ${message}`);
      const update = { type: OBSERVED, status: 'False', reason: capitalised(code), message: text } as const;
      const conditions = setCondition(status.conditions ?? [], update, this.#options.clock.now());
      await this.#write(look, drive, { ...status, conditions });
    }
    return { kind: 'again', afterMs: this.#settings.retryMs };
  }

  /** An error: the storage system cannot be looked at now. */
  async #observe(
    look: Look,
    drive: Drive,
    { volumeId, rebuilds, surroundings: wantsSurroundings, cordons, other: otherName }: Wanted,
  ): Promise<Observation | CoucheStorError> {
    const { migrations, mover, logger } = this.#options;
    const { signal } = look;
    const other = otherName === undefined ? undefined : await migrations.read(otherName, signal);
    try {
      // In between one may be lifted and forgotten, or set.
      const before = cordons ? this.#ownCordons() : [];
      const surroundings = wantsSurroundings ? await mover.surroundings(signal) : NOWHERE;
      const volume = await mover.volume(volumeId, signal);
      const history = rebuilds && volume !== undefined ? await mover.rebuildHistory(volumeId, signal) : undefined;
      drive.watch.sawVolume(volume !== undefined);
      const ownCordons = cordons ? [...before, ...this.#ownCordons()] : [];
      return { volume, surroundings, ownCordons, other, rebuilds: history, lock: look.lock, ...drive.memory() };
    } catch (thrown) {
      const error = translated(thrown);
      logger.warn('The storage system cannot be looked at; the migration waits.', { migration: look.name, error });
      this.#options.onCallFailure?.('observe', error);
      return error;
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
        if (look.status?.phase !== 'Adding' && instruction.status.phase === 'Adding')
          this.#options.gate?.begins(look.record);
        await this.#write(look, drive, instruction.status);
        return 'look again';
      case 'claim':
        await this.#claim(look, instruction, observedAtMs);
        return 'look again';
      case 'effect':
        return this.#call(look, drive, instruction.calls, observedAtMs);
      case 'wait':
        return this.#wait(look, drive, instruction);
      case 'hold':
        await this.#marked('hold', () => look.hold());
        return 'look again';
      case 'release':
        await this.#marked('release', () => this.#options.migrations.release(look.record, look.signal));
        return this.#forget(look.name);
      case 'done':
        return this.#forget(look.name);
    }
  }

  async #wait(
    look: Look,
    drive: Drive,
    { status = look.status, afterMs }: Extract<Instruction, { kind: 'wait' }>,
  ): Promise<Next> {
    drive.wentWell();
    const isTold = findCondition(look.status?.conditions ?? [], OBSERVED) !== undefined;
    if (status !== undefined && (isTold || status !== look.status)) await this.#write(look, drive, status);
    return { kind: 'again', afterMs: drive.rest(look.record, afterMs) };
  }

  async #write(look: Look, drive: Drive, next: VolumeMigrationStatus): Promise<void> {
    const status = drive.failureCount === 0 ? withoutFailures(next) : next;
    const { onPhase } = this.#options;
    const before = look.status;
    const name = `write ${status.phase}${status.intent === undefined ? '' : ` ${status.intent.step}`}`;
    await this.#marked(name, () => look.write(status));
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
      if (!(await look.isCurrent(observedAtMs))) return;
      await migrations.writeStatus(record, status, look.signal);
      logger.info('A migration takes over what another one left.', { migration: look.name, from: record.name });
    });
  }

  async #call(look: Look, drive: Drive, calls: readonly Call[], observedAtMs: number): Promise<Next> {
    const outcome = await this.#caller.call(look, drive, calls, observedAtMs);
    return outcome === 'look again' ? outcome : this.#failed(look, drive, outcome);
  }

  async #marked<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    const { mark } = this.#options;
    await mark?.(`before ${name}`);
    const result = await run();
    await mark?.(`after ${name}`);
    return result;
  }

  #moment({ record, status = PLANNED }: Look): Moment {
    const { clock, isPolicyGone, operator = ACTING, gate } = this.#options;
    const { parsed } = record;
    return {
      operator,
      admission: (isWaiting(status) ? gate?.admit(record) : undefined) ?? ADMITTED,
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
    this.#unreadable.forget(name);
    return DONE;
  }
}

function withoutFailures(status: VolumeMigrationStatus): VolumeMigrationStatus {
  const { conditions = [], ...rest } = status;
  const left = removeCondition(conditions, OBSERVED);
  if (left.length === conditions.length) return status;
  return left.length === 0 ? rest : { ...rest, conditions: left };
}

function capitalised(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1);
}

function standing({ parsed }: VolumeMigrationRecord): { readonly cordons: readonly Cordon[] } {
  return { cordons: parsed.kind === 'ok' ? (parsed.value.status?.cordons ?? []) : [] };
}
