import { describe, expect, test } from '@jest/globals';
import { HealthHistory } from './health-history.ts';
import type { HealthEvidence, HealthReport } from './health.ts';

const evidence = (known: Partial<HealthEvidence>): HealthEvidence => ({
  source: 'smartctl',
  attribute: 'ata_smart_attributes.5 Reallocated_Sector_Ct',
  value: 3,
  threshold: 1,
  verdict: 'Degraded',
  detail: 'sectors were reallocated',
  ...known,
});
const report = (...all: readonly HealthEvidence[]): HealthReport => ({
  state: 'Unknown',
  reason: '',
  evidence: all,
  counters: {},
});

describe('what foretells a failure', () => {
  test('is told with attribute, threshold, and since when, however far it has risen', () => {
    const history = new HealthHistory();
    expect(history.observe('sda', report(evidence({ verdict: 'note', value: 0 })), 1000)).toEqual([]);
    history.observe('sda', report(evidence({ value: 3 })), 2000);
    expect(
      history.observe('sda', report(evidence({ value: 170, verdict: 'Unhealthy', threshold: 100 })), 9000),
    ).toEqual([
      {
        source: 'smartctl',
        attribute: 'ata_smart_attributes.5 Reallocated_Sector_Ct',
        verdict: 'Unhealthy',
        value: 170,
        threshold: 100,
        sinceMs: 2000,
        valueThen: 3,
        detail: 'sectors were reallocated',
      },
    ]);
  });

  test('begins anew when the value has gone back', () => {
    const history = new HealthHistory();
    history.observe('sda', report(evidence({})), 1000);
    expect(history.observe('sda', report(evidence({ verdict: 'note', value: 0 })), 2000)).toEqual([]);
    expect(history.observe('sda', report(evidence({})), 3000)).toMatchObject([{ sinceMs: 3000 }]);
  });

  test('stays while the source says nothing, since the disk may sleep', () => {
    const history = new HealthHistory();
    history.observe('sda', report(evidence({})), 1000);
    const hot = evidence({ source: 'hwmon', attribute: 'temp1_input' });
    expect(history.observe('sda', report(hot), 2000).map(({ sinceMs }) => sinceMs)).toEqual([1000, 2000]);
    expect(history.observe('sda', report(), 3000)).toHaveLength(2);
  });

  test('is forgotten with the disk', () => {
    const history = new HealthHistory();
    history.observe('sda', report(evidence({})), 1000);
    history.keepOnly(new Set(['sdb']));
    expect(history.observe('sda', report(evidence({})), 2000)).toMatchObject([{ sinceMs: 2000 }]);
  });
});
