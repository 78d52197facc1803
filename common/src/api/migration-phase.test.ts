import { describe, expect, it } from '@jest/globals';
import { canChangePhase, isFinal, MIGRATION_PHASES } from './migration-phase.ts';

describe('the phases of a migration', () => {
  it('end in four that nothing leaves', () => {
    const final = MIGRATION_PHASES.filter(isFinal);
    expect(final).toEqual(['Completed', 'Aborted', 'Failed', 'Cancelled']);
    const exits = final.flatMap((from) => MIGRATION_PHASES.filter((to) => to !== from && canChangePhase(from, to)));
    expect(exits).toEqual([]);
  });

  it('may repeat, so that a status can be written again', () => {
    expect(MIGRATION_PHASES.every((phase) => canChangePhase(phase, phase))).toBe(true);
  });

  it('reach an end from everywhere, and every phase from Pending', () => {
    const reachable = new Set(['Pending']);
    for (let size = 0; size !== reachable.size;) {
      size = reachable.size;
      for (const from of MIGRATION_PHASES.filter((phase) => reachable.has(phase))) {
        for (const to of MIGRATION_PHASES) if (canChangePhase(from, to)) reachable.add(to);
      }
    }
    expect(reachable.size).toBe(MIGRATION_PHASES.length);
    expect(MIGRATION_PHASES.every((phase) => canChangePhase(phase, 'Failed') || isFinal(phase))).toBe(true);
  });

  it('never go back to waiting once a replica was added', () => {
    const begun = ['Adding', 'Syncing', 'Verifying', 'Removing'] as const;
    expect(
      begun.filter((phase) => canChangePhase(phase, 'Pending') || canChangePhase(phase, 'AwaitingApproval')),
    ).toEqual([]);
  });
});
