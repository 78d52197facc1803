/**
 * What a process remembers of a migration between two looks at it: which of its calls succeeded or were refused, and until when
 * there is nothing to see. Losing it costs time and nothing else.
 */
import type { Cordon, VolumeMigrationStatus } from '@couchestor/common/api';
import type { Clock } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { Call, StorageCall } from './instruction.ts';
import type { Observation } from './observation.ts';
import { Watch } from './watch.ts';

export class Drive {
  /** Of the object, so that one made anew under the same name starts afresh. */
  readonly uid: string;
  readonly watch: Watch;
  readonly #clock: Clock;
  /** That the object named when it was last read or written here. */
  cordons: readonly Cordon[] = [];
  #confirmed: readonly StorageCall[] = [];
  #refusal: { readonly message: string; readonly atMs: number } | undefined;
  /** The operation that this process began, if it is the one that stands. */
  #operationId: string | undefined;
  #scaleCalls = 0;
  #calledSinceIntent = true;
  #isWoken = false;
  #failureCount = 0;
  #rest: { readonly resourceVersion: string; readonly untilMs: number } | undefined;

  constructor(uid: string, clock: Clock) {
    this.uid = uid;
    this.#clock = clock;
    this.watch = new Watch(clock);
  }

  memory(): Pick<Observation, 'watched' | 'confirmed' | 'refusal' | 'intentIsFresh' | 'isUncalled'> {
    const isOwn = this.#operationId !== undefined;
    const refusal = this.#refusal && {
      message: this.#refusal.message,
      ageMs: this.#clock.monotonic() - this.#refusal.atMs,
      certain: isOwn && this.#scaleCalls <= 1,
    };
    return {
      watched: this.watch.times(),
      confirmed: this.#confirmed,
      refusal,
      intentIsFresh: !this.#calledSinceIntent,
      isUncalled: isOwn && this.#scaleCalls === 0,
    };
  }

  /** A new message or a new percentage alone changes nothing of what is known about the calls. */
  wrote(status: VolumeMigrationStatus, before: VolumeMigrationStatus | undefined): void {
    this.cordons = status.cordons ?? [];
    this.watch.wrote(status, before);
    if (status.intent?.operationId !== before?.intent?.operationId) {
      this.#operationId = status.intent?.operationId;
      this.#scaleCalls = 0;
    }
    if (status.intent !== before?.intent) this.#calledSinceIntent = false;
    if (status.intent === before?.intent && status.cordons === before?.cordons && status.phase === before?.phase)
      return;
    this.#confirmed = [];
    this.#refusal = undefined;
  }

  calling({ kind }: StorageCall): void {
    this.#refusal = undefined;
    if (kind !== 'setReplicaCount') return;
    this.#scaleCalls += 1;
    this.#calledSinceIntent = true;
    this.watch.called();
  }

  /** Whatever came of it. */
  called({ kind }: StorageCall): void {
    if (kind === 'setReplicaCount') this.watch.called();
  }

  /** It may take effect still, or has unseen. */
  gaveUp({ kind }: Call): void {
    if (kind === 'cordonPool' || kind === 'cordonNode') this.watch.doubtCordons();
  }

  /** One more in a row, however far each attempt came: taking the lock again and again is no success. */
  failed(): void {
    this.#failureCount += 1;
  }

  /** All that there was to do has been done. */
  wentWell(): void {
    this.#failureCount = 0;
  }

  get failureCount(): number {
    return this.#failureCount;
  }

  confirmed(call: StorageCall): void {
    this.wentWell();
    this.#confirmed = [...this.#confirmed, call];
  }

  refused(message: string): void {
    this.#refusal = { message, atMs: this.#clock.monotonic() };
  }

  /** Nothing is expected before then, unless somebody changes the object or wakes it up. How long it may rest. */
  rest({ resourceVersion }: VolumeMigrationRecord, ms: number): number {
    const restMs = this.#isWoken ? 0 : ms;
    this.#isWoken = false;
    this.#rest = { resourceVersion, untilMs: this.#clock.monotonic() + restMs };
    return restMs;
  }

  /** It is about to ask for what it may be woken for. */
  begin(): void {
    this.#isWoken = false;
  }

  /** Also in the middle of a look that has asked too early. */
  wake(): void {
    this.#isWoken = true;
    this.#rest = undefined;
  }

  /** How much of it is left; its own writes wake a migration up, and mean nothing to it. */
  restMs({ resourceVersion }: VolumeMigrationRecord): number {
    if (this.#rest?.resourceVersion !== resourceVersion) return 0;
    return Math.max(this.#rest.untilMs - this.#clock.monotonic(), 0);
  }
}
