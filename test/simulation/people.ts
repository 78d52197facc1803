/** What people do, at any time and at the worst: to policies, claims and migrations, and to volumes that are on their way. */
import { OPT_OUT_ANNOTATION, PIN_ANNOTATION } from '@couchestor/common/api';
import { hasExtra, isOver, isUnapproved, type Entry } from './entry.ts';
import { MOMENTS, type Act } from './moments.ts';
import { drawSpec, GIB, TIERS } from './scene.ts';
import type { Simulation } from './simulation.ts';

type Deed = readonly [name: string, weight: number, run: (at: Simulation) => unknown];

function putPolicy(at: Simulation, name: string, changes: object = {}): void {
  at.putPolicy(name, { ...drawSpec(at, Number(name.replace('policy-', ''))), ...changes });
}

function anyPolicy(at: Simulation, act: (name: string) => void): void {
  const names = [...at.kubernetes.policies.keys()];
  if (names.length > 0) act(at.draws.oneOf(names));
}

function anyClaim(at: Simulation, act: (volumeId: string) => void): void {
  const ids = [...at.kubernetes.claims.keys()];
  if (ids.length > 0) act(at.draws.oneOf(ids));
}

function annotate(at: Simulation, annotations: Readonly<Record<string, string>>): void {
  anyClaim(at, (volumeId) => {
    const known = at.kubernetes.claims.get(volumeId);
    if (known?.claim === undefined) return;
    at.kubernetes.setClaim(volumeId, { ...known, claim: { ...known.claim, annotations } });
  });
}

/** Of migrations that still stand, and of the chosen kind. */
function anyMigration(at: Simulation, isMeant: (entry: Entry) => boolean, act: (name: string) => void): void {
  const chosen = [...at.invariants.entries.values()].filter((entry) => !entry.isGone && isMeant(entry));
  if (chosen.length > 0) act(at.draws.oneOf(chosen).name);
}

const isActive = (entry: Entry): boolean => !isOver(entry);
const isAny = (): boolean => true;

function approve(at: Simulation, name: string): void {
  at.kubernetes.migrations.edit(name, { approval: { mode: 'Manual', approved: true, approvedBy: 'anna' } });
}

/** All that wait for it. */
export function approveAll(at: Simulation): void {
  for (const entry of at.invariants.entries.values()) {
    if (isActive(entry) && isUnapproved(entry)) approve(at, entry.name);
  }
}

/** To a migration, its policy or its volume. */
const WORST: readonly (readonly [name: string, act: (at: Simulation) => Act])[] = [
  ['its policy is deleted', (at) => (record) => whoseIs(record, ({ policy }) => at.deletePolicy(policy))],
  [
    'its policy is deleted and made anew',
    (at) => (record) =>
      whoseIs(record, ({ policy }) => {
        at.deletePolicy(policy);
        putPolicy(at, policy);
      }),
  ],
  ['its policy is edited', (at) => (record) => whoseIs(record, ({ policy }) => putPolicy(at, policy))],
  ['it is deleted', (at) => (record) => ifThere(at, record.name, () => at.kubernetes.migrations.delete(record.name))],
  [
    'it is cancelled',
    (at) => (record) => ifThere(at, record.name, () => at.kubernetes.migrations.edit(record.name, { cancel: true })),
  ],
  [
    'it is cancelled and cleaned up',
    (at) => (record) =>
      ifThere(at, record.name, () => at.kubernetes.migrations.edit(record.name, { cancel: true, cleanup: true })),
  ],
  ['its volume is deleted', (at) => (record) => whoseIs(record, ({ volumeId }) => at.deleteVolume(volumeId))],
  ['its volume is unpublished', (at) => (record) => whoseIs(record, ({ volumeId }) => at.cluster.unpublish(volumeId))],
  [
    'its volume grows',
    (at) => (record) => whoseIs(record, ({ volumeId }) => at.cluster.volumes.resize(volumeId, 8 * GIB)),
  ],
  ['the process is killed', (at) => () => at.kill()],
  // Not between its last look and the call that follows at once: what is sent then, Mayastor gets.
  ['the leader stands still', (at) => () => at.clock.setTimer(1, () => at.pauseLeader())],
];

function whoseIs(
  { parsed }: Parameters<Act>[0],
  act: (of: { readonly policy: string; readonly volumeId: string }) => void,
): void {
  if (parsed.kind === 'invalid') return;
  const { policyRef, volumeId } = parsed.value.spec;
  act({ policy: policyRef.name, volumeId });
}

function ifThere(at: Simulation, name: string, act: () => void): void {
  if (at.invariants.entries.get(name)?.isGone === false) act();
}

export const PEOPLE: readonly Deed[] = [
  ['a policy is edited', 3, (at) => anyPolicy(at, (name) => putPolicy(at, name))],
  [
    'a policy is switched off or rehearses',
    1,
    (at) => anyPolicy(at, (name) => putPolicy(at, name, at.draws.oneOf([{ enabled: false }, { dryRun: true }]))),
  ],
  [
    'a policy asks for approval, or not any more',
    2,
    (at) => anyPolicy(at, (name) => putPolicy(at, name, { approval: at.draws.oneOf(['Manual', 'Automatic']) })),
  ],
  ['a policy is deleted', 2, (at) => anyPolicy(at, (name) => at.deletePolicy(name))],
  [
    'a policy comes back',
    6,
    (at) => {
      const gone = [...at.policyNames].filter((name) => !at.kubernetes.policies.has(name));
      if (gone.length > 0) putPolicy(at, at.draws.oneOf(gone));
    },
  ],
  ['a claim is pinned', 2, (at) => annotate(at, { [PIN_ANNOTATION]: at.draws.oneOf(TIERS) })],
  ['a claim opts out', 1, (at) => annotate(at, { [OPT_OUT_ANNOTATION]: 'true' })],
  ['a claim wishes nothing', 2, (at) => annotate(at, {})],
  ['a claim is deleted', 1, (at) => anyClaim(at, (volumeId) => at.kubernetes.setClaim(volumeId, undefined))],
  ['a migration is approved', 5, (at) => anyMigration(at, isUnapproved, (name) => approve(at, name))],
  [
    'a migration is cancelled',
    2,
    (at) => anyMigration(at, isActive, (name) => at.kubernetes.migrations.edit(name, { cancel: true })),
  ],
  [
    'a migration is to leave nothing behind',
    1,
    (at) => anyMigration(at, isActive, (name) => at.kubernetes.migrations.edit(name, { cancel: true, cleanup: true })),
  ],
  ['a migration is deleted', 1, (at) => anyMigration(at, isActive, (name) => at.kubernetes.migrations.delete(name))],
  ['an object is deleted', 1, (at) => anyMigration(at, isAny, (name) => at.kubernetes.migrations.delete(name))],
  [
    'an extra replica is to go',
    3,
    (at) => anyMigration(at, hasExtra, (name) => at.kubernetes.migrations.edit(name, { cleanup: true })),
  ],
  ['something happens at a moment of its own', 18, atItsMoment],
];

function atItsMoment(at: Simulation): string {
  const [name, act] = at.draws.oneOf(WORST);
  const moment = at.draws.oneOf(['steers', ...MOMENTS] as const);
  at.moments.while(moment, act(at));
  return `while a migration ${moment}, ${name}`;
}
