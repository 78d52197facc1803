/**
 * Moments that nobody would draw: while a migration holds cordons or a call of it may be under way, while its replica is filled,
 * while it waits for a person. Each is waited for once.
 */
import type { VolumeMigrationStatus } from '@couchestor/common/api';
import type { VirtualClock } from '@couchestor/common/base';
import { MayastorError, type RandomDraws } from '@couchestor/sandbox/mayastor';
import type { MigrationObject } from '../fault/hands/in-memory-migrations.ts';

export const MOMENTS = ['steers', 'is under way', 'waits for approval'] as const;
export type Moment = (typeof MOMENTS)[number];
export type Act = (record: MigrationObject) => void;

/** Cordons stand for seconds, unless something fails; a replica is filled for minutes. */
const MOST_LATER_MS: Readonly<Record<Moment, number>> = {
  steers: 4_000,
  'is under way': 90_000,
  'waits for approval': 600_000,
};

/** Of promises, as calls that take no time are made of them. */
const MOST_TURNS = 60;

const IS_MEANT: Readonly<Record<Moment, (status: VolumeMigrationStatus) => boolean>> = {
  steers: ({ cordons }) => cordons !== undefined,
  'is under way': ({ phase }) => ['Adding', 'Syncing', 'Verifying', 'Removing'].includes(phase),
  'waits for approval': ({ phase }) => phase === 'AwaitingApproval',
};

export class Moments {
  readonly #clock: VirtualClock;
  readonly #draws: RandomDraws;
  #waiting: { readonly moment: Moment; readonly act: Act }[] = [];

  constructor(clock: VirtualClock, draws: RandomDraws) {
    this.#clock = clock;
    this.#draws = draws;
  }

  /** As soon as there is a migration that does so, or somewhat later. */
  while(moment: Moment, act: Act): void {
    this.#waiting.push({ moment, act });
  }

  /** What has not come to pass will not. */
  clear(): void {
    this.#waiting = [];
  }

  /** Told of every change of a migration. */
  saw(record: MigrationObject): void {
    const status = record.parsed.kind === 'ok' ? record.parsed.value.status : undefined;
    const due = status && this.#waiting.find(({ moment }) => IS_MEANT[moment](status));
    if (due === undefined) return;
    this.#waiting = this.#waiting.filter((other) => other !== due);
    const act = (): void => {
      try {
        due.act(record);
      } catch (error) {
        if (!(error instanceof MayastorError)) throw error;
      }
    };
    // Between two calls that follow each other at once, or after a while.
    if (this.#draws.chance(0.5)) void afterTurns(this.#draws.integer(1, MOST_TURNS), act);
    else this.#clock.setTimer(this.#draws.integer(0, MOST_LATER_MS[due.moment]), act);
  }
}

async function afterTurns(count: number, act: () => void): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
  act();
}
