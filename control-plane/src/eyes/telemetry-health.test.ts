import { describe, expect, it } from '@jest/globals';
import type { Heat, HeatReading } from '../model/heat.ts';
import { telemetryHealth } from './telemetry-health.ts';

const stale: Heat = { kind: 'unknown', reason: 'Stale', message: 'Too old.' };
const known: Heat = {
  kind: 'known',
  iops: 5,
  coverage: 1,
  evidence: {
    family: 'volume',
    query: 'q',
    windowMs: 1,
    stepMs: 1,
    sampleCount: 1,
    expectedSampleCount: 1,
    newestSampleMs: 0,
  },
};
const read = (...heats: Heat[]): HeatReading => ({
  kind: 'read',
  windowMs: 1,
  family: heats.length === 0 ? undefined : 'volume',
  byVolumeName: new Map(heats.map((heat, index) => [`pvc-${index}`, heat])),
  readAtMs: 0,
});
const down: HeatReading = { kind: 'unavailable', windowMs: 1, reason: 'Timeout', message: 'Too slow.', readAtMs: 0 };

describe('telemetryHealth', () => {
  it('is healthy when every reading has recent samples of some volume', () => {
    expect(telemetryHealth([read(known), read(stale, known)], 9)).toMatchObject({ healthy: true, reason: 'Answering' });
  });

  it('is what the first unavailable reading says, whoever else answered', () => {
    expect(telemetryHealth([read(known), down], 9)).toEqual({
      healthy: false,
      reason: 'Timeout',
      message: 'Too slow.',
    });
    expect(telemetryHealth([down], 0)).toMatchObject({ healthy: false });
  });

  it('is unhealthy while volumes are watched and there is not one series', () => {
    expect(telemetryHealth([read(known), read()], 1)).toMatchObject({ healthy: false, reason: 'NoData' });
  });

  it('is unhealthy when nothing is known of any volume', () => {
    const health = telemetryHealth([read(stale, stale)], 2);
    expect(health).toMatchObject({ healthy: false, reason: 'NoRecentData' });
    expect(health.message).toMatch(/check its scrape targets. Too old.$/);
  });

  it('needs no samples of volumes that nobody watches', () => {
    expect(telemetryHealth([read()], 0)).toMatchObject({ healthy: true, reason: 'NothingWatched' });
    expect(telemetryHealth([], 0)).toMatchObject({ healthy: true });
  });
});
