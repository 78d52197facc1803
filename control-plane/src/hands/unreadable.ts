/** Objects that cannot be understood: nothing is done for them, but to let one go that was deleted and has left nothing behind. */
import { MIGRATION_FINALIZER, type FieldError } from '@couchestor/common/api';
import type { Logger } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';

export interface UnreadableOptions {
  readonly logger: Logger;
  readonly onStranded?: (record: VolumeMigrationRecord, message: string) => void;
}

export class Unreadable {
  readonly #options: UnreadableOptions;
  /** By name: as they were when that was told. */
  readonly #told = new Map<string, string>();

  constructor(options: UnreadableOptions) {
    this.#options = options;
  }

  /** Told once of each state of it. Returns whether it may go. */
  leave(record: VolumeMigrationRecord, errors: readonly FieldError[]): 'stays' | 'goes' {
    const { logger, onStranded } = this.#options;
    const { name, uid, deleting, leftovers } = record;
    if (deleting && leftovers?.length === 0) {
      logger.warn('A deleted migration that cannot be understood is let go.', { migration: name, errors });
      return 'goes';
    }
    const state = `${uid} ${deleting ? 'deleted' : 'there'}`;
    if (this.#told.get(name) === state) return 'stays';
    this.#told.set(name, state);
    const message = deleting ? stranded(leftovers) : 'Nothing is done for it until it can be understood.';
    logger.warn('A migration cannot be understood.', { migration: name, errors, message });
    if (deleting) onStranded?.(record, message);
    return 'stays';
  }

  forget(name: string): void {
    this.#told.delete(name);
  }
}

function stranded(leftovers: readonly string[] = ['status']): string {
  const fields = leftovers.map((field) => (field === 'status' ? field : `status.${field}`)).join(', ');
  return `It was deleted, cannot be understood, and is kept for its ${fields}: undo by hand what they tell of in Mayastor, then take its finalizer ${MIGRATION_FINALIZER} away.`;
}
