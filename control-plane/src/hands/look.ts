/** What one look at a migration goes by, from the read of the object on; and how old that may be for what rests on it. */
import type { VolumeMigrationStatus } from '@couchestor/common/api';
import { CoucheStorError, type Clock } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';
import type { LockFact } from './observation.ts';
import type { HandsSettings } from './settings.ts';

export interface LookOptions {
  readonly migrations: Pick<VolumeMigrations, 'read' | 'writeStatus' | 'hold'>;
  readonly clock: Clock;
  readonly settings: HandsSettings;
  readonly record: VolumeMigrationRecord;
  /** On the monotonic clock: when it was asked for. */
  readonly recordAtMs: number;
  readonly signal: AbortSignal;
}

export class Look {
  readonly name: string;
  readonly signal: AbortSignal;
  lock: LockFact = { kind: 'unknown' };
  readonly #options: LookOptions;
  #record: VolumeMigrationRecord;
  /** On the monotonic clock: when the object was last known to be as the record has it. */
  #recordAtMs: number;
  /** Known from a write of this look, which nobody else can have made meanwhile. */
  #isOwnWrite = false;

  constructor(options: LookOptions) {
    this.#options = options;
    this.name = options.record.name;
    this.signal = options.signal;
    this.#record = options.record;
    this.#recordAtMs = options.recordAtMs;
  }

  get record(): VolumeMigrationRecord {
    return this.#record;
  }

  get status(): VolumeMigrationStatus | undefined {
    const { parsed } = this.#record;
    return parsed.kind === 'ok' ? parsed.value.status : undefined;
  }

  /** Reads the object again if what is known of it is as old. A change of it is for the next decision to see. */
  async refresh(maxAgeMs: number): Promise<'as it was' | 'changed'> {
    const { migrations, clock } = this.#options;
    const nowMs = clock.monotonic();
    if (nowMs - this.#recordAtMs < maxAgeMs) return 'as it was';
    const record = await migrations.read(this.name, this.signal);
    if (record === undefined) throw this.#gone();
    const isSame = record.resourceVersion === this.#record.resourceVersion && record.uid === this.#record.uid;
    this.#record = record;
    this.#recordAtMs = nowMs;
    this.#isOwnWrite = false;
    return isSame ? 'as it was' : 'changed';
  }

  /** The last thing before a call: what it rests on was true a moment ago. */
  async isCurrent(observedAtMs: number): Promise<boolean> {
    const { ownWriteMaxAgeMs, observationMaxAgeMs } = this.#options.settings;
    const refreshed = await this.refresh(this.#isOwnWrite ? ownWriteMaxAgeMs : 0);
    if (refreshed === 'changed' || this.signal.aborted) return false;
    return this.#options.clock.monotonic() - observedAtMs < observationMaxAgeMs;
  }

  async write(status: VolumeMigrationStatus): Promise<void> {
    await this.#change((record) => this.#options.migrations.writeStatus(record, status, this.signal));
  }

  /** Puts our finalizer on the object. */
  async hold(): Promise<void> {
    await this.#change((record) => this.#options.migrations.hold(record, this.signal));
  }

  async #change(change: (record: VolumeMigrationRecord) => Promise<VolumeMigrationRecord>): Promise<void> {
    const sentAtMs = this.#options.clock.monotonic();
    this.#record = await change(this.#record).catch((thrown: unknown) => {
      throw thrown instanceof CoucheStorError && thrown.code === 'notFound' ? this.#gone(thrown) : thrown;
    });
    this.#recordAtMs = sentAtMs;
    this.#isOwnWrite = true;
  }

  /** A change like any other that somebody else made: whoever looks again finds nothing to do. */
  #gone(cause?: unknown): CoucheStorError {
    return new CoucheStorError('conflict', `Migration ${this.name} is gone.`, { cause });
  }
}
