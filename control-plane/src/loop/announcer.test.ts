import { beforeEach, describe, expect, it } from '@jest/globals';
import { nullLogger, type LogFields } from '@couchestor/common/base';
import type { Decision } from '../model/decision.ts';
import { decisionFixture, READY } from '../model/decision.fixture.ts';
import type { PolicyRound } from '../brain/status/policy-status.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import type { Happening } from '../ports/events.ts';
import { Announcer } from './announcer.ts';
import { policyRecord } from './planning.fixture.ts';

const down = { healthy: false, reason: 'Timeout', message: 'No answer.' };
const gold = policyRecord('gold');
let happenings: Happening[];
let lines: LogFields[];
let warnings: LogFields[];

beforeEach(() => {
  warnings = [];
  happenings = [];
  lines = [];
});

function announcer(dryRun = false): Announcer {
  const logger = {
    ...nullLogger,
    info: (_message: string, fields: LogFields = {}) => void lines.push(fields),
    warn: (_message: string, fields: LogFields = {}) => void warnings.push(fields),
  };
  return new Announcer({ events: { record: (one) => void happenings.push(one) }, logger, dryRun });
}
const round = (decisions: readonly Decision[] | undefined, changes: Partial<PolicyRound> = {}): PolicyRound => ({
  decisions,
  telemetry: READY,
  storage: READY,
  conflicts: [],
  activeMigrations: 0,
  awaitingApproval: 0,
  ended: [],
  roundAtMs: 0,
  ...changes,
});
const heard = (): string[] => {
  const texts = happenings.map(
    ({ regarding, type, reason }) => `${regarding.kind}/${regarding.name} ${type} ${reason}`,
  );
  happenings = [];
  return texts;
};
const withStatus = (status: StoragePolicyRecord['status']): StoragePolicyRecord => ({ ...gold, status });

describe('Announcer', () => {
  it('tells the claim and the policy what is new, once', () => {
    const subject = announcer();
    const decisions = [decisionFixture('a', 'Unpublished'), decisionFixture('b', 'AtTarget')];
    subject.announce(gold, round(decisions));
    expect(happenings[0]).toMatchObject({
      regarding: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'claim-a', uid: 'uid-a' },
      note: 'It is Unpublished. (policy gold)',
    });
    expect(happenings[1]).toMatchObject({ regarding: { kind: 'StoragePolicy', uid: 'uid-gold' } });
    expect(heard()).toEqual([
      'PersistentVolumeClaim/claim-a Warning MoveBlocked',
      'StoragePolicy/gold Warning MoveBlocked',
    ]);
    subject.announce(gold, round(decisions));
    expect(heard()).toEqual([]);
  });

  it('logs the volume, the tiers and the policy of every change', () => {
    announcer().announce(gold, round([decisionFixture('a', 'Demote')]));
    expect(lines).toMatchObject([{ volumeId: 'id-a', tierFrom: 'Hot', tierTo: 'Cold', policy: 'gold' }]);
  });

  it('says it once of the policy when many volumes change alike', () => {
    const decisions = Array.from({ length: 7 }, (_, index) => decisionFixture(`v${index}`, 'Demote'));
    announcer().announce(gold, round(decisions));
    const ofPolicy = happenings.filter(({ regarding }) => regarding.kind === 'StoragePolicy');
    expect(ofPolicy.map(({ note }) => note)).toEqual(['v0, v1, v2, v3, v4 and 2 more']);
    const noteOf = (count: number): string | undefined => {
      happenings = [];
      announcer().announce(gold, round(decisions.slice(0, count)));
      return happenings.at(-1)?.note;
    };
    expect(noteOf(5)).toBe('v0, v1, v2, v3, v4');
    expect(noteOf(1)).toBe('v0: It is Demote.');
  });

  it('tells the policy alone of a volume without a claim', () => {
    announcer().announce(gold, round([{ ...decisionFixture('a', 'Unpublished'), claim: undefined }]));
    expect(heard()).toEqual(['StoragePolicy/gold Warning MoveBlocked']);
  });

  it('says how many changes it does not tell of', () => {
    const decisions = (count: number) =>
      Array.from({ length: count }, (_, index) => decisionFixture(`v${index}`, 'Unpublished'));
    announcer().announce(gold, round(decisions(200)));
    expect(warnings).toEqual([]);
    announcer().announce(gold, round(decisions(203)));
    expect(warnings).toEqual([{ policy: 'gold', omittedCount: 3 }]);
  });

  it.each([
    ['the policy', policyRecord('gold', { dryRun: true }), false],
    ['the operator', gold, true],
  ])('makes no Event when %s is a dry run, and logs all the same', (_who, policy, dryRun) => {
    announcer(dryRun).announce(policy, round([decisionFixture('a', 'Unpublished')], { storage: down }));
    expect([heard(), lines.length]).toEqual([[], 1]);
  });

  it('does not repeat after a restart what stands in the status', () => {
    const decisions = [{ volumeId: 'id-a', code: 'Unpublished', to: 'Cold' }];
    const fresh = [decisionFixture('a', 'Unpublished'), decisionFixture('b', 'Unpublished')];
    announcer().announce(withStatus({ decisions }), round(fresh));
    expect(heard()).toEqual([
      'PersistentVolumeClaim/claim-b Warning MoveBlocked',
      'StoragePolicy/gold Warning MoveBlocked',
    ]);
  });

  it('tells of telemetry and storage when they fail and when they recover, and not of every volume', () => {
    const subject = announcer();
    const unknown = decisionFixture('a', 'HeatUnknown');
    subject.announce(gold, round([decisionFixture('a', 'AtTarget')]));
    expect(heard()).toEqual([]);
    subject.announce(gold, round([unknown], { telemetry: down }));
    subject.announce(gold, round([unknown], { telemetry: down }));
    expect(heard()).toEqual(['StoragePolicy/gold Warning TelemetryUnhealthy']);
    subject.announce(gold, round(undefined, { storage: down }));
    expect(heard()).toEqual([
      'StoragePolicy/gold Normal TelemetryRecovered',
      'StoragePolicy/gold Warning StorageUnhealthy',
    ]);
    subject.announce(gold, round([decisionFixture('a', 'AtTarget')]));
    expect(heard()).toEqual(['StoragePolicy/gold Normal StorageRecovered']);
  });

  it('knows from the status that a failure was told of before a restart', () => {
    const texts = { reason: 'Timeout', message: '', lastTransitionTime: '2026-02-17T00:00:00Z' };
    const conditions = [{ type: 'TelemetryHealthy', status: 'False', ...texts }];
    announcer().announce(withStatus({ conditions }), round(undefined, { telemetry: down }));
    expect(heard()).toEqual([]);
    announcer().announce(withStatus({ conditions }), round([]));
    expect(happenings[0]?.note).toBe('Telemetry can be relied on again.');
    expect(heard()).toEqual(['StoragePolicy/gold Normal TelemetryRecovered']);
  });

  it('remembers what stood in the status at a start in the middle of an outage', () => {
    const subject = announcer();
    const told = [{ volumeId: 'id-a', code: 'Unpublished', to: 'Cold' }];
    const unknown = [decisionFixture('a', 'HeatUnknown')];
    subject.announce(withStatus({ decisions: told }), round(unknown, { telemetry: down }));
    expect(heard()).toEqual(['StoragePolicy/gold Warning TelemetryUnhealthy']);
    // By now the status tells of the outage.
    const written = withStatus({ decisions: [{ volumeId: 'id-a', code: 'HeatUnknown' }] });
    subject.announce(written, round([decisionFixture('a', 'Unpublished')]));
    expect(heard()).toEqual(['StoragePolicy/gold Normal TelemetryRecovered']);
  });

  it.each([null, 'x', [null, 1, {}], {}])('takes a stored status of any shape: %j', (odd) => {
    announcer().announce(withStatus({ conditions: odd, decisions: odd }), round([decisionFixture('a', 'AtTarget')]));
    expect(heard()).toEqual([]);
  });

  it('says nothing of a policy that is switched off, and everything when it is switched on', () => {
    const subject = announcer();
    const off = policyRecord('gold', { enabled: false });
    subject.announce(gold, round([decisionFixture('a', 'Unpublished')]));
    heard();
    subject.announce(off, round([], { telemetry: down }));
    announcer().announce(off, round([], { telemetry: down, storage: down }));
    expect(heard()).toEqual([]);
    subject.announce(gold, round([decisionFixture('a', 'Unpublished')], { storage: down }));
    expect(heard()).toEqual([
      'StoragePolicy/gold Warning StorageUnhealthy',
      'PersistentVolumeClaim/claim-a Warning MoveBlocked',
      'StoragePolicy/gold Warning MoveBlocked',
    ]);
  });

  it('starts over with a policy that was deleted or made again', () => {
    const subject = announcer();
    const decisions = [decisionFixture('a', 'Unpublished')];
    subject.announce(gold, round(decisions));
    subject.announce({ ...gold, uid: 'another' }, round(decisions));
    subject.forget('gold');
    subject.announce({ ...gold, uid: 'another' }, round(decisions));
    expect(heard()).toHaveLength(6);
  });
});
