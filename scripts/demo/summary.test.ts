import { expect, it } from '@jest/globals';
import type { MigrationPhase } from '@couchestor/common/api';
import type { Migration } from './api.ts';
import { summaryOf } from './summary.ts';

function migration(name: string, phase: MigrationPhase, volumeId = 'v1'): Migration {
  return {
    metadata: { name },
    spec: { volumeId, source: { tier: 'Hot' }, target: { tier: 'Cold' } },
    status: {
      phase,
      message: 'Why.',
      startTime: '2026-01-01T12:00:00Z',
      completionTime: name.endsWith('1') ? '2026-01-01T12:00:10Z' : '2026-01-01T12:00:15Z',
    },
  };
}

it('counts replicas and volumes, and takes the mean of what was completed', () => {
  const migrations = [
    migration('a-1', 'Completed'),
    migration('a-2', 'Completed'),
    migration('b-1', 'Completed', 'v2'),
  ];
  const { text, isGood } = summaryOf(migrations, []);
  expect(text).toMatch(/3 of 3 \(100 %\), of 2 volumes\n.* 11\.7 s in the mean\n.* violations: none/);
  expect(isGood).toBe(true);
});

it('is not good when a move did not end well, none was made, or data was at risk, and says which', () => {
  const failed = summaryOf([migration('a-1', 'Completed'), migration('a-2', 'Aborted')], []);
  expect(failed).toEqual({ isGood: false, text: expect.stringMatching(/1 of 2 \(50 %\)[^]*a-2: Aborted: Why\./) });
  expect(summaryOf([], []).isGood).toBe(false);
  const violation = { volumeId: 'v1', request: 'PUT /v0/…', message: 'too few' };
  const unsafe = summaryOf([migration('a-1', 'Completed')], [violation]);
  expect(unsafe).toEqual({ isGood: false, text: expect.stringMatching(/violations: 1[^]*v1: PUT \/v0\/…: too few/) });
});
