import { VirtualClock } from '@couchestor/common/base';
import { describe, expect, test } from '@jest/globals';
import { ABSENT } from '../snapshot/attribute.ts';
import type { TreeReader } from '../snapshot/tree-reader.ts';
import { aDevice } from './device.fixture.ts';
import { HealthMonitor, type HealthMonitorOptions } from './health-monitor.ts';
import { readTemperature } from './sensor.ts';
import { parseSmartReport } from './smart-report.ts';

/** A tree of nothing but the files that a test names. */
function tree(files: Readonly<Record<string, string>>): TreeReader & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    readText(path) {
      asked.push(path);
      const value = files[path];
      return value === undefined ? ABSENT : { kind: 'value', value };
    },
    readBytes: () => ABSENT,
    list: () => ABSENT,
    readLink: () => ABSENT,
    readLinkText: () => ABSENT,
    identityOf: () => null,
  };
}

const HWMON = '/sys/devices/pci0000:00/0000:00:03.0/nvme/nvme0/hwmon4';
const disk = aDevice({ id: 'disk', hwmonPaths: [HWMON] });

describe('a sensor of the kernel', () => {
  const reading = (files: Readonly<Record<string, string>>): ReturnType<typeof readTemperature> =>
    readTemperature(
      tree(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${HWMON}/${name}`, text]))),
      HWMON,
    );

  test('has thousandths of degrees, and the limits of the disk', () => {
    expect(reading({ temp1_input: '49850', temp1_max: '69850', temp1_crit: '99850', temp1_alarm: '0' })).toEqual({
      path: `${HWMON}/temp1_input`,
      celsius: 49.85,
      maxCelsius: 69.85,
      criticalCelsius: 99.85,
      alarm: false,
    });
  });

  test('has no limit where the disk reports one that is none', () => {
    expect(
      reading({ temp1_input: '20000', temp1_max: '65261850', temp1_crit: '-273150', temp1_alarm: '1' }),
    ).toMatchObject({
      maxCelsius: null,
      criticalCelsius: null,
      alarm: true,
    });
  });

  test('has no temperature where there is none that can be one', () => {
    expect([reading({}), reading({ temp1_input: 'warm' }), reading({ temp1_input: '-273150' })]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('HealthMonitor', () => {
  function monitor(options: Partial<HealthMonitorOptions>): {
    clock: VirtualClock;
    reader: ReturnType<typeof tree>;
    monitor: HealthMonitor;
  } {
    const clock = new VirtualClock();
    const reader = tree({ [`${HWMON}/temp1_input`]: '40000' });
    return { clock, reader, monitor: new HealthMonitor({ clock, reader, ...options }) };
  }

  test('asks sensors once in their interval, and a disk that has just come at once', async () => {
    const { clock, reader, monitor: health } = monitor({ sensorIntervalMs: 60_000 });
    expect((await health.look([disk])).get('disk')?.report.counters.temperatureCelsius).toBe(40);
    const first = reader.asked.length;
    await clock.advance(59_999);
    expect((await health.look([disk])).get('disk')?.report.counters.temperatureCelsius).toBe(40);
    expect(reader.asked).toHaveLength(first);
    await health.look([disk, aDevice({ id: 'new', hwmonPaths: [`${HWMON}9`] })]);
    expect(reader.asked.slice(first).every((path) => path.startsWith(`${HWMON}9/`))).toBe(true);
    await clock.advance(1);
    await health.look([disk]);
    expect(reader.asked.at(-1)).toBe(`${HWMON}/temp1_alarm`);
  });

  test('asks smartctl once in its interval, and sees at once when the kernel loses the disk', async () => {
    let asked = 0;
    const smart = {
      read: () => {
        asked += 1;
        return Promise.resolve(
          parseSmartReport('{"device": {"protocol": "ATA"}, "smart_status": {"passed": true}}', 0),
        );
      },
    };
    const { clock, monitor: health } = monitor({ smart, smartIntervalMs: 900_000 });
    await health.look([disk]);
    await clock.advance(899_999);
    const gone = aDevice({ id: 'disk', state: 'offline', online: false });
    expect((await health.look([gone])).get('disk')?.report.state).toBe('Unhealthy');
    expect(asked).toBe(1);
    await clock.advance(1);
    await health.look([disk]);
    expect(asked).toBe(2);
  });

  test('tells since when something speaks against a disk, and forgets a disk that is gone', async () => {
    const { clock, monitor: health } = monitor({});
    const failing = aDevice({ id: 'disk', commands: { done: 100, failed: 0, timedOut: 3 } });
    const startMs = clock.now();
    await health.look([failing]);
    await clock.advance(5000);
    expect((await health.look([failing])).get('disk')?.predictions).toMatchObject([{ sinceMs: startMs, value: 3 }]);
    await health.look([]);
    expect((await health.look([failing])).get('disk')?.predictions).toMatchObject([{ sinceMs: startMs + 5000 }]);
  });
});
