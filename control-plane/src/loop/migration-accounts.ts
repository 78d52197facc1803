/**
 * The two sides of counting a migration that ended: which ones a policy's status has yet to count, and the mark on each that it
 * has. The mark follows the status, never the other way round, so that a crash between the two loses nothing; and what the status
 * does not name is read from the API server first, so that an old cache counts nothing twice.
 */
import { MAX_HISTORY } from '@couchestor/common/api';
import { toCoucheStorError, type Clock, type Logger } from '@couchestor/common/base';
import {
  countedNames,
  recordedStatus,
  unrecordedEnd,
  unrecordedOf,
  type EndedMigration,
} from '../brain/status/accounting.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';

export interface MigrationAccountsOptions {
  readonly migrations: Pick<VolumeMigrations, 'snapshot' | 'read' | 'writeStatus'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class MigrationAccounts {
  readonly #options: MigrationAccountsOptions;

  constructor(options: MigrationAccountsOptions) {
    this.#options = options;
  }

  /** The earliest first; of those that are not in the history no more than fit into one. Thrown: CoucheStorError. */
  async unrecorded(policy: StoragePolicyRecord, signal: AbortSignal): Promise<readonly EndedMigration[]> {
    const { migrations } = this.#options;
    const snapshot = migrations.snapshot();
    if (snapshot.kind === 'refused') return [];
    const counted = countedNames(policy.status);
    const { known = [], fresh = [] } = Object.groupBy(unrecordedOf(policy, snapshot.migrations), ({ record }) =>
      counted.has(record.name) ? 'known' : 'fresh',
    );
    const confirmed: EndedMigration[] = [...known];
    for (const { record } of fresh.slice(0, MAX_HISTORY)) {
      const now = await migrations.read(record.name, signal);
      const ended = now?.uid === record.uid ? unrecordedEnd(now) : undefined;
      if (ended !== undefined) confirmed.push(ended);
    }
    return confirmed;
  }

  /**
   * Says on each that `status`, which is stored, names that it was counted. Returns whether all have been; one that has changed
   * meanwhile is for the next time. Thrown: CoucheStorError.
   */
  async mark(
    policy: Pick<StoragePolicyRecord, 'name' | 'status'>,
    ended: readonly EndedMigration[],
    signal: AbortSignal,
  ): Promise<'all' | 'some'> {
    const counted = countedNames(policy.status);
    let left = 0;
    for (const { record } of ended) {
      const isMarked = counted.has(record.name) && (await this.#mark(record, policy.name, signal));
      if (!isMarked) left += 1;
    }
    return left === 0 ? 'all' : 'some';
  }

  async #mark(record: EndedMigration['record'], policy: string, signal: AbortSignal): Promise<boolean> {
    const { migrations, clock, logger } = this.#options;
    if (record.parsed.kind === 'invalid' || record.parsed.value.status === undefined) return false;
    try {
      await migrations.writeStatus(record, recordedStatus(record.parsed.value.status, policy, clock.now()), signal);
      return true;
    } catch (thrown) {
      const error = toCoucheStorError(thrown);
      if (error.code === 'notFound') return true;
      if (error.code !== 'conflict') throw error;
      logger.debug('A migration that was counted has changed meanwhile.', { migration: record.name, policy });
      return false;
    }
  }
}
