/**
 * For how long this process has seen something stand, on its monotonic clock: no step of the wall clock makes a pause shorter or
 * longer. What it did not see begin it watches anew, which after a restart costs time and nothing else.
 */
import type { VolumeMigrationStatus } from '@couchestor/common/api';
import type { Clock } from '@couchestor/common/base';

export interface Watched {
  /** Since the phase was entered. */
  readonly phaseMs: number;
  /** Since the intent was written, and since the last call for it was made or given up. */
  readonly callMs: number;
  /** Since the migration began; how long before this process saw it is for the wall clock to say. */
  readonly runningMs: number;
  /** How often what was begun in this phase was undone, to be tried again later. */
  readonly setbacks: number;
  /** Since a call that sets a cordon of the status was given up, or may have been before this process saw it. Infinity: none was. */
  readonly cordonMs: number;
  /** Since the lock on placement was last known to be this migration's. Infinity: it was not. */
  readonly lockMs: number;
  /** Since the first of the looks in a row that did not find the volume. */
  readonly missingMs: number;
}

interface Sight {
  readonly key: string;
  readonly atMs: number;
}

const NOTHING: Sight = { key: '', atMs: 0 };

export class Watch {
  readonly #clock: Clock;
  #phase = NOTHING;
  #intent = NOTHING;
  #start = NOTHING;
  #generation: number | undefined;
  #setbacks = 0;
  #cordons = '';
  #cordonAtMs = -Infinity;
  #lockAtMs = -Infinity;
  #missingAtMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As it was read. Whoever edits the object wants it tried again now. */
  saw(status: VolumeMigrationStatus | undefined, generation = this.#generation): void {
    const { phase = '', phaseStartTime = '', intent, startTime = '' } = status ?? {};
    const before = this.#phase;
    this.#phase = this.#sight(before, `${phase} ${phaseStartTime}`);
    this.#lookAtCordons(status);
    if (this.#phase !== before || generation !== this.#generation) this.#setbacks = 0;
    this.#generation = generation;
    this.#intent = this.#sight(this.#intent, `${intent?.operationId ?? ''} ${intent?.recordedTime ?? ''}`);
    if (startTime !== this.#start.key) {
      const earlierMs = startTime === '' ? 0 : Math.max(this.#clock.now() - Date.parse(startTime), 0);
      this.#start = { key: startTime, atMs: this.#clock.monotonic() - earlierMs };
    }
  }

  wrote(status: VolumeMigrationStatus, before: VolumeMigrationStatus | undefined): void {
    const { startTime = '' } = status;
    if (startTime !== (before?.startTime ?? '')) this.#start = { key: startTime, atMs: this.#clock.monotonic() };
    this.#cordons = cordonsOf(status);
    this.saw(status);
    if (status.intent === before?.intent) return;
    // Tried again, perhaps within the second that its time is cut off to.
    this.called();
    if (status.intent?.step === 'Uncordon') this.#setbacks += 1;
  }

  /** Also when the call has ended: one that was given up may be under way from then on. */
  called(): void {
    this.#intent = { ...this.#intent, atMs: this.#clock.monotonic() };
  }

  /** A call that sets a cordon was given up. */
  doubtCordons(): void {
    this.#cordonAtMs = this.#clock.monotonic();
  }

  sawVolume(isThere: boolean): void {
    this.#missingAtMs = isThere ? undefined : (this.#missingAtMs ?? this.#clock.monotonic());
  }

  locked(isHeld: boolean): void {
    this.#lockAtMs = isHeld ? this.#clock.monotonic() : -Infinity;
  }

  times(): Watched {
    const nowMs = this.#clock.monotonic();
    return {
      phaseMs: nowMs - this.#phase.atMs,
      callMs: nowMs - this.#intent.atMs,
      runningMs: nowMs - this.#start.atMs,
      setbacks: this.#setbacks,
      cordonMs: nowMs - this.#cordonAtMs,
      lockMs: nowMs - this.#lockAtMs,
      missingMs: nowMs - (this.#missingAtMs ?? nowMs),
    };
  }

  /** Whoever named them may have called for them. */
  #lookAtCordons(status: VolumeMigrationStatus | undefined): void {
    const cordons = cordonsOf(status);
    if (cordons === '') this.#cordonAtMs = -Infinity;
    else if (cordons !== this.#cordons) this.doubtCordons();
    this.#cordons = cordons;
  }

  #sight(known: Sight, key: string): Sight {
    return known.key === key ? known : { key, atMs: this.#clock.monotonic() };
  }
}

function cordonsOf(status: VolumeMigrationStatus | undefined): string {
  return status?.cordons === undefined ? '' : JSON.stringify(status.cordons);
}
