/** Bugs that a control plane could have, each put between two of its parts, for the invariants to find. */
import type { VolumeMigrationSpec, VolumeMigrationStatus } from '@couchestor/common/api';
import type { Heat } from '@couchestor/control-plane/model';
import type { MigrationObject } from '../fault/hands/in-memory-migrations.ts';
import type { Plants } from './simulation.ts';
import { moverWith } from './watched-mover.ts';

type Migrations = Parameters<NonNullable<Plants['migrations']>>[0];

/** The objects as `change` makes them, wherever they come from. */
function seenAs(real: Migrations, change: (record: MigrationObject) => MigrationObject): Migrations {
  return {
    ...real,
    read: async (name, signal) => {
      const record = await real.read(name, signal);
      return record && change(record);
    },
    writeStatus: async (record, status, signal) => change(await real.writeStatus(record, status, signal)),
  };
}

function isStopped({ deleting, parsed }: MigrationObject): boolean {
  return deleting || (parsed.kind === 'ok' && parsed.value.spec.cancel);
}

function withSpec(record: MigrationObject, changes: Partial<VolumeMigrationSpec>): MigrationObject {
  if (record.parsed.kind !== 'ok') return record;
  const { value } = record.parsed;
  return { ...record, parsed: { kind: 'ok', value: { ...value, spec: { ...value.spec, ...changes } } } };
}

type Cordons = VolumeMigrationStatus['cordons'];

function withCordons(record: MigrationObject, change: (real: Cordons) => Cordons): MigrationObject {
  if (record.parsed.kind !== 'ok' || record.parsed.value.status === undefined) return record;
  const { value } = record.parsed;
  const { cordons: real, ...rest } = record.parsed.value.status;
  const cordons = change(real);
  const status = { ...rest, ...(cordons === undefined ? {} : { cordons }) };
  return { ...record, parsed: { kind: 'ok', value: { ...value, status } } };
}

type Decide = Parameters<NonNullable<Plants['decide']>>[0];

export const PLANTS: Readonly<Record<string, Plants>> = {
  /** Nothing that has completed is remembered, so nothing rests. */
  'no-cooldown': {
    decide: (real: Decide): Decide => {
      return (input) => {
        const migrations = input.snapshot.migrations.filter(({ phase }) => phase !== 'Completed');
        return real({ ...input, snapshot: { ...input.snapshot, migrations } });
      };
    },
  },
  /** What nobody has measured counts as idle. */
  'unknown-is-cold': {
    heat: (real) => ({
      read: async (windowMs, signal) => {
        const reading = await real.read(windowMs, signal);
        const evidence = {
          ...{ family: 'volume', query: '', windowMs, stepMs: 60_000, sampleCount: 10, expectedSampleCount: 10 },
          newestSampleMs: reading.readAtMs,
        };
        const cold = { kind: 'known', iops: 0, coverage: 1, evidence } as const;
        if (reading.kind === 'unavailable') return reading;
        const byVolumeName = new (class extends Map<string, Heat> {
          override get(name: string): Heat {
            const heat = super.get(name);
            return heat?.kind === 'known' ? heat : cold;
          }
        })(reading.byVolumeName);
        return { ...reading, byVolumeName };
      },
    }),
  },
  /** The new replica counts as synced as soon as it is there, so that the old one goes too early. */
  'removed-early': {
    mover: (real) =>
      moverWith(real, {
        volume: async (volumeId, signal) => {
          const volume = await real.volume(volumeId, signal);
          if (volume === undefined) return undefined;
          const target = volume.target && { ...volume.target, rebuildCount: 0, status: 'Online' as const };
          const replicas = volume.replicas.map((replica) => ({
            ...replica,
            rebuildPercent: undefined,
            status: 'Online' as const,
            childStatus: replica.childStatus && ('Online' as const),
          }));
          return { ...volume, status: 'Online', target, replicas };
        },
        rebuildHistory: () => Promise.resolve({ kind: 'unavailable', reason: 'none' }),
      }),
  },
  /** Somebody who adds up the policies and not the volumes. */
  'decided-twice': {
    decide: (real) => (input) => {
      const decisions = real(input);
      return [...decisions, ...decisions.filter(({ outcome }) => outcome === 'Move')];
    },
  },
  /** The answer comes, and nothing has happened. */
  'cordons-stay': {
    mover: (real) => moverWith(real, { uncordonNode: () => Promise.resolve(), uncordonPool: () => Promise.resolve() }),
  },
  /** The approval of a person is taken for given. */
  'unapproved-acts': {
    migrations: (real) =>
      seenAs(real, (record) => withSpec(record, { approval: { mode: 'Automatic', approved: false } })),
  },
  /** Of a migration that was deleted, with its policy or alone, or cancelled, nobody remembers the cordons. */
  'cordons-forgotten': {
    migrations: (real) => seenAs(real, (record) => (isStopped(record) ? withCordons(record, () => undefined) : record)),
  },
  /** Nobody looks whether a migration was deleted or cancelled. */
  'never-stopped': {
    migrations: (real) => seenAs(real, (record) => ({ ...withSpec(record, { cancel: false }), deleting: false })),
  },
  /** Calls are made before their intent is written, and it never is. */
  'no-intent': {
    migrations: (real) => ({
      ...real,
      writeStatus: async (record, { cordons, ...status }, signal) => {
        const written = await real.writeStatus(record, status, signal);
        return withCordons(written, () => cordons);
      },
    }),
  },
};
