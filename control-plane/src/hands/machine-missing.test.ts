/** One answer that there is no such volume proves nothing; and what may be left on it stays on record. */
import { describe, expect, it } from '@jest/globals';
import { MIGRATION_PHASES } from '@couchestor/common/api';
import { VirtualClock } from '@couchestor/common/base';
import {
  during,
  ids,
  intent,
  kept,
  ago,
  NEW,
  OLD,
  record,
  say,
  status,
  surroundings,
  written,
} from './machine.fixture.ts';
import { HANDS_DEFAULTS } from './settings.ts';
import { Watch } from './watch.ts';

const { settleMs } = HANDS_DEFAULTS;
const extraReplica = { ...NEW, recordedTime: ago(9_000) };
const missing = (missingMs: number) => ({ volume: undefined, surroundings, watched: { missingMs } });
const add = { intent: intent('Add', { replicaIdsBefore: ids, replicaCountAfter: 3 }) };
const remove = { ...kept, intent: intent('Remove', { replicaIdsBefore: ids, replicaCountAfter: 2 }) };

describe('a volume that cannot be found', () => {
  it.each(MIGRATION_PHASES)('is waited for when a migration is %s', (phase) => {
    for (const state of [status(phase, { extraReplica }), status(phase, { ...remove, extraReplica })]) {
      const object = record(state, { cleanup: true });
      for (const missingMs of [0, settleMs - 1]) {
        const instruction = say(object, missing(missingMs));
        expect(instruction).toMatchObject({ kind: 'wait' });
        expect('afterMs' in instruction && instruction.afterMs).toBeGreaterThan(0);
        expect(written(instruction)?.phase ?? phase).toBe(phase);
      }
    }
  });

  it('ends a migration once it was not found for the settle time, which keeps on record what may be there', () => {
    const gone = missing(settleMs);
    expect(written(say(record(status('Pending')), gone))).toMatchObject({ phase: 'Failed' });
    expect(written(say(record(status('Adding', add)), gone))).toMatchObject({ conditions: [{ reason: 'Failed' }] });
    for (const phase of ['Syncing', 'Verifying'] as const) {
      expect(written(say(record(status(phase, kept)), gone))).toMatchObject({ phase: 'Aborted', extraReplica: NEW });
    }
    const removing = written(say(record(status('Removing', remove)), gone));
    expect(removing).toMatchObject({ conditions: [{ reason: 'Aborted' }], extraReplica: NEW });
  });

  it('lets a migration that winds down end, what it keeps on record included', () => {
    const ending = (reason: string) => ({
      conditions: [{ type: 'Ending', status: 'True', reason, message: 'Why.', lastTransitionTime: ago(1_000) }],
    });
    for (const [reason, extra] of [
      ['Aborted', NEW],
      ['Completed', OLD],
    ] as const) {
      const winding = record(status('Removing', { ...remove, ...ending(reason) }));
      expect(written(say(winding, missing(settleMs)))).toMatchObject({
        intent: { step: 'Uncordon' },
        extraReplica: extra,
      });
    }
  });

  it('lifts cordons meanwhile', () => {
    const cordons = [{ kind: 'Pool', name: 'cold-n4', setTime: ago(30_000) }];
    const ended = {
      conditions: [
        { type: 'Ending', status: 'True', reason: 'Failed', message: 'Why.', lastTransitionTime: ago(1_000) },
      ],
    };
    const winding = record(status('Adding', { cordons, intent: intent('Uncordon'), ...ended }));
    expect(say(winding, missing(0))).toMatchObject({ kind: 'effect', calls: [{ kind: 'uncordonPool' }] });
  });

  it('takes an extra replica with it, but not before it was gone for long', () => {
    const aborted = record(status('Aborted', { extraReplica }));
    const waits = say(aborted, missing(9 * 60_000));
    expect(waits.kind).toBe('wait');
    expect(written(waits)?.extraReplica).toEqual(extraReplica);
    expect(written(say(aborted, missing(10 * 60_000)))).toMatchObject({ extraReplica: { removedTime: ago(0) } });
    expect(written(say(aborted, { volume: during, surroundings }))?.extraReplica).toEqual(extraReplica);
  });
});

describe('how long a volume is missing', () => {
  it('is measured from the first of the looks in a row that did not find it', async () => {
    const clock = new VirtualClock();
    const watch = new Watch(clock);
    expect(watch.times().missingMs).toBe(0);
    await clock.advance(5_000);
    watch.sawVolume(false);
    expect(watch.times().missingMs).toBe(0);
    await clock.advance(5_000);
    clock.stepWall(3_600_000);
    watch.sawVolume(false);
    expect(watch.times().missingMs).toBe(5_000);
    watch.sawVolume(true);
    expect(watch.times().missingMs).toBe(0);
    await clock.advance(5_000);
    watch.sawVolume(false);
    expect(watch.times().missingMs).toBe(0);
  });
});
