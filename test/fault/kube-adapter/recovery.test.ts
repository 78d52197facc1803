import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FAULTS } from './faults.ts';
import { Lab, until } from './lab.ts';
import { measureRecovery } from './recovery.ts';

let lab: Lab;

beforeEach(async () => {
  lab = await Lab.open();
});

afterEach(() => lab.close());

describe('the informer recovers from', () => {
  it.each(FAULTS)('$name, and tells each change once', async ({ strike }) => {
    for (const name of ['a', 'b', 'c', 'd']) lab.put(name);
    await lab.followUntilSynced();
    lab.put('open');
    await until(() => lab.known().includes('open'), 'the watch is open');
    strike(lab, 'marker');
    lab.put('last');
    await until(() => lab.known().includes('marker') && lab.known().includes('last'), 'it knows both changes');
    await until(() => lab.policies.informer.health().failure === undefined, 'the failure is over');
    const { state, counts } = lab.policies.informer.health();
    expect(state).toBe('synced');
    // The fault did strike.
    expect(counts.failures + counts.listsRefused + counts.outOfOrderEvents).toBeGreaterThan(0);
    expect(lab.told.filter((line) => line.startsWith('deleted'))).toEqual([]);
    expect(lab.told.filter((line) => line === 'added marker')).toHaveLength(1);
    expect(new Set(lab.told).size).toBe(lab.told.length);
  });
});

describe('measureRecovery', () => {
  it('gives a row for every fault', async () => {
    const rows = await measureRecovery();
    expect(rows.map(({ fault }) => fault)).toEqual(FAULTS.map(({ name }) => name));
    expect(rows.every(({ recoveryMs }) => recoveryMs > 0)).toBe(true);
    expect(rows.find(({ fault }) => fault.startsWith('429'))?.recoveryMs).toBeGreaterThanOrEqual(1_000);
  });
});
