import { describe, expect, test } from '@jest/globals';
import { aDevice } from '../health/device.fixture.ts';
import type { HealthState } from '../health/index.ts';
import type { Device } from '../model/device.ts';
import { viewOf, type ObservedDevice } from '../view/index.ts';
import { ChangeDetector } from './change-detector.ts';

function disk(known: Partial<Device>, health: HealthState = 'Healthy', celsius = 40): ObservedDevice {
  return {
    device: aDevice(known),
    uses: [],
    offer: { offerable: true, refusals: [], verification: 'unverified', unverifiedBecause: 'nobody asked' },
    health: {
      state: health,
      reason: `it is ${health} at ${celsius} °C`,
      evidence: [],
      counters: { temperatureCelsius: celsius },
    },
  };
}

const sda = disk({ id: 'a', kernelName: 'sda' });
const sdb = disk({ id: 'b', kernelName: 'sdb' });

describe('the difference between two looks', () => {
  test('is everything at first, and nothing when nothing has changed', () => {
    const detector = new ChangeDetector();
    expect(detector.next([sda, sdb], [])).toEqual([
      { kind: 'added', device: viewOf(sda) },
      { kind: 'added', device: viewOf(sdb) },
    ]);
    expect(detector.next([sda, sdb], [])).toEqual([]);
    expect(detector.next([sdb, sda], [])).toEqual([]);
    const list = [sda];
    expect(detector.next(list, [])).toHaveLength(1);
    expect(detector.next(list, [])).toEqual([]);
  });

  test('has neither temperatures nor counters, which move at every look, nor reasons that name them', () => {
    const detector = new ChangeDetector();
    detector.next([disk({ commands: { done: 1, failed: 0, timedOut: 0 } }, 'Healthy', 40)], []);
    expect(detector.next([disk({ commands: { done: 900, failed: 2, timedOut: 0 } }, 'Healthy', 41)], [])).toEqual([]);
  });

  test('tells what was removed and what was added', () => {
    const detector = new ChangeDetector();
    detector.next([sda], []);
    expect(detector.next([sdb], [])).toEqual([
      { kind: 'removed', device: viewOf(sda) },
      { kind: 'added', device: viewOf(sdb) },
    ]);
  });

  test('tells which fields have changed, from what to what', () => {
    const detector = new ChangeDetector();
    detector.next([sda], []);
    const now = disk({ id: 'a', kernelName: 'sdq', state: 'offline' }, 'Unhealthy');
    expect(detector.next([now], [])).toEqual([
      {
        kind: 'changed',
        device: viewOf(now),
        fields: [
          { field: 'kernelName', before: 'sda', after: 'sdq' },
          { field: 'health', before: 'Healthy', after: 'Unhealthy' },
          { field: 'healthReason', before: 'it is Healthy at 40 °C', after: 'it is Unhealthy at 40 °C' },
          { field: 'state', before: 'running', after: 'offline' },
        ],
      },
    ]);
  });

  test('takes a disk with a new name after a reboot for the same disk', () => {
    const detector = new ChangeDetector();
    detector.next([sda, sdb], []);
    const swapped = [disk({ id: 'b', kernelName: 'sda' }), disk({ id: 'a', kernelName: 'sdb' })];
    expect(detector.next(swapped, []).map(({ kind }) => kind)).toEqual(['changed', 'changed']);
  });
});

describe('a look that failed', () => {
  test('is no look', () => {
    const detector = new ChangeDetector();
    detector.next([sda, sdb], []);
    expect(detector.next([], [{ path: '/sys/block', errno: 'EMFILE', of: 'holders' }])).toEqual([]);
    expect(detector.next([sda], [{ path: '/sys/class/hwmon', errno: 'EACCES', of: 'holders' }])).toEqual([
      { kind: 'removed', device: viewOf(sdb) },
    ]);
  });

  test('may find no disk at all: they are gone when the next one agrees', () => {
    const detector = new ChangeDetector();
    detector.next([sda, sdb], []);
    expect(detector.next([], [])).toEqual([]);
    expect(detector.next([sda, sdb], [])).toEqual([]);
    expect(detector.next([], [])).toEqual([]);
    expect(detector.next([], []).map(({ kind }) => kind)).toEqual(['removed', 'removed']);
    expect(detector.next([], [])).toEqual([]);
  });
});
