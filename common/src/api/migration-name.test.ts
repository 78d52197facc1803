import { describe, expect, it } from '@jest/globals';
import { parseVolumeId } from '../base/index.ts';
import { migrationName, nextMigrationName } from './migration-name.ts';

const volume = parseVolumeId('4be37dbd-4b60-44f3-b807-08f6693522ac');
const named = (number: number): string => `${volume}-${number}`;

describe('migrationName', () => {
  it('is the volume and a number from 1', () => {
    expect(migrationName(volume, 12)).toBe(named(12));
    expect(() => migrationName(volume, 0)).toThrow('counted from 1');
    expect(() => migrationName(volume, 1.5)).toThrow('counted from 1');
  });
});

describe('nextMigrationName', () => {
  it('starts with 1 and goes on after the highest, whatever is missing below it', () => {
    expect(nextMigrationName(volume, [])).toBe(named(1));
    expect(nextMigrationName(volume, [named(9), named(10), named(2)])).toBe(named(11));
  });

  it('counts no other volume, and no name that somebody else made up', () => {
    const others = [`x${named(7)}`, `${named(7)}-3`, `${volume}-07`, `${volume}-last`, `${volume}-`, `${volume}7`, 'm'];
    expect(nextMigrationName(volume, others)).toBe(named(1));
    expect(nextMigrationName(parseVolumeId('v-1'), ['v-1-1', 'v-12-4', 'v-11'])).toBe('v-1-2');
  });

  it('is not led astray by a number that is not exact', () => {
    expect(nextMigrationName(volume, [`${volume}-9999999999999999`, named(3)])).toBe(named(4));
  });
});
