/**
 * A store in a process that is killed, or in a machine that loses its power, at every step of every call that changes the disk: what was
 * acknowledged is there, the rest is there wholly or not at all, and the next process finds its way, also when it is killed itself.
 */
import { describe, expect, it } from '@jest/globals';
import { InterposedFiles, type FileStep } from '../pools/interposed-files.fixture.ts';
import { TOMBSTONES_FOLDER } from '../pools/index.ts';
import { PowerLossSweep, type Spoil } from './power-loss-sweep.fixture.ts';
import { SCENARIOS } from './scenarios.fixture.ts';

describe.each(Object.entries(SCENARIOS))('%s, ended at every step', (_, scenario) => {
  it('leaves what was acknowledged, and of the rest all or nothing', async () => {
    const { steps, disks } = await new PowerLossSweep(scenario).run();
    expect(steps).toBeGreaterThan(0);
    expect(disks).toBeGreaterThan(steps);
  });

  it('is recovered by a process that is ended at every step as well', async () => {
    const { disks } = await new PowerLossSweep(scenario, { outcomes: 8 }).runRecovery();
    expect(disks).toBeGreaterThan(0);
  });

  it('is done by the next process, for good', async () => {
    await new PowerLossSweep(scenario).runRetried();
  });
});

/** Every call that this says yes to says that it has been done, and does nothing. */
function without(isSkipped: (step: FileStep) => boolean): Spoil {
  return (files) =>
    new InterposedFiles(files, (step, run) => (isSkipped(step) ? (Promise.resolve() as Promise<never>) : run()));
}

const isSyncOf =
  (depth: number) =>
  ({ operation, path }: FileStep): boolean =>
    operation === 'syncFolder' && !path.startsWith('.') && path.split('/').filter(Boolean).length === depth;

const isSyncOfTombstones = ({ operation, path }: FileStep): boolean =>
  operation === 'syncFolder' && path === TOMBSTONES_FOLDER;

/** Files are synced only when their folder is, and so after they were renamed. */
const syncsLate: Spoil = (files) =>
  new InterposedFiles(files, (step, run) => {
    if (step.operation === 'sync') return Promise.resolve() as Promise<never>;
    if (isSyncOf(2)(step)) files.disk.sync();
    return run();
  });

/** As if a store that is opened did not make sure of what it finds. */
const trustsWhatItFinds: Spoil = (files) => {
  let isFirst = true;
  return without((step) => {
    const isSkipped = isFirst && isSyncOfTombstones(step);
    if (isSkipped) isFirst = false;
    return isSkipped;
  })(files);
};

const PLANTS: readonly (readonly [name: string, scenario: keyof typeof SCENARIOS, spoil: Spoil])[] = [
  ['no file is synced', 'a put beside another', without(({ operation }) => operation === 'sync')],
  ['no file is synced', 'a delete', without(({ operation }) => operation === 'sync')],
  ['files are renamed before they are synced', 'a put beside another', syncsLate],
  ['the pool is not synced', 'a put, the first of its volume', without(isSyncOf(0))],
  ['the folder of the volume is not synced', 'a put, the first of its volume', without(isSyncOf(1))],
  ['the folder of the stripe is not synced', 'a put beside another', without(isSyncOf(2))],
  ['the folder of the stripe is not synced', 'a collection', without(isSyncOf(2))],
  ['tombstones are not synced', 'a delete', without(isSyncOfTombstones)],
  ['tombstones are not synced', 'an undelete', without(isSyncOfTombstones)],
];

describe('a sweep of the steps', () => {
  it.each(PLANTS)('finds a store in which %s: %s', async (_, scenario, spoil) => {
    await expect(new PowerLossSweep(SCENARIOS[scenario], { spoil }).run()).rejects.toThrow(/and the power lost: /);
  });

  it.each([
    ['a put of a shard whose name was never synced', 'a put beside another', without(isSyncOf(2))],
    ['an undelete of a tombstone whose removal was never synced', 'an undelete', trustsWhatItFinds],
  ] as const)('finds a store that acknowledges %s', async (_, scenario, spoil) => {
    await expect(new PowerLossSweep(SCENARIOS[scenario], { spoil }).runRetried()).rejects.toThrow(/done again/);
  });
});
