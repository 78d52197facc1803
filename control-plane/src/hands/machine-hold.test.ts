/** The finalizer: nothing is done for an object that could go with all that it remembers. */
import { describe, expect, it } from '@jest/globals';
import { MIGRATION_PHASES, type MigrationPhase } from '@couchestor/common/api';
import { atFirstSight } from './machine.ts';
import { ago, intent, MOMENT, NEW, record, status } from './machine.fixture.ts';

const extraReplica = { ...NEW, recordedTime: ago(9_000) };
const FINAL: readonly MigrationPhase[] = ['Completed', 'Aborted', 'Failed', 'Cancelled'];
const bare = (of: object | undefined, spec = {}, changed = {}) => record(of, spec, { finalizers: ['x'], ...changed });
const HELD = { kind: 'decided', instruction: { kind: 'hold' } };

describe('an object without our finalizer', () => {
  it.each(MIGRATION_PHASES.filter((phase) => !FINAL.includes(phase)))('gets it first when it is %s', (phase) => {
    expect(atFirstSight(bare(status(phase)), MOMENT)).toEqual(HELD);
    expect(atFirstSight(record(status(phase)), MOMENT)).not.toEqual(HELD);
  });

  it('gets it before it has a status', () => {
    expect(atFirstSight(bare(undefined), MOMENT)).toEqual(HELD);
  });

  it.each(FINAL)('gets it when it is %s and has left something', (phase) => {
    const cordons = [{ kind: 'Pool', name: 'cold-n4', setTime: ago(9_000) }];
    for (const left of [{ extraReplica }, { cordons }, { intent: intent('CleanUp') }]) {
      expect(atFirstSight(bare(status(phase, left)), MOMENT)).toEqual(HELD);
    }
    const removed = { extraReplica: { ...extraReplica, removedTime: ago(1_000) } };
    for (const left of [{}, removed]) expect(atFirstSight(bare(status(phase, left)), MOMENT)).not.toEqual(HELD);
  });

  it('stays without when it is deleted, only rehearses, or the operator only looks on', () => {
    expect(atFirstSight(bare(status('Adding'), {}, { deleting: true }), MOMENT)).not.toEqual(HELD);
    expect(atFirstSight(bare(status('Pending'), { dryRun: true }), MOMENT)).not.toEqual(HELD);
    const looksOn = { ...MOMENT, operator: { dryRun: true, preservation: false } };
    expect(atFirstSight(bare(status('Adding')), looksOn)).not.toEqual(HELD);
  });
});
