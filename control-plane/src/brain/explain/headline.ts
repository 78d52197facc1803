/**
 * The first sentence of an explanation: what is decided about which volume, and the cause in general words. It stays short, so that
 * whoever cuts the rest still knows the outcome.
 */
import { DECISION_CODES, type Decision, type DecisionCode } from '../../model/decision.ts';
import { inTier } from './words.ts';

type MoveCode = { [Code in DecisionCode]: (typeof DECISION_CODES)[Code] extends 'Move' ? Code : never }[DecisionCode];

const VERBS: Readonly<Record<MoveCode, string>> = {
  Promote: 'be promoted to',
  Demote: 'be demoted to',
  Complete: 'complete its move to',
};

const CAUSES: Readonly<Record<Exclude<DecisionCode, MoveCode | 'Migrating'>, string>> = {
  AtTarget: 'that is where it belongs',
  BetweenWatermarks: 'its heat lies between two watermarks',
  NoWarmTier: 'its heat asks for a warm tier, and the policy has none',
  HeatUnknown: 'its heat is not known, and unknown heat never moves data',
  LowCoverage: 'too few samples cover the sampling window to rely on its heat',
  OptedOut: 'its claim opts out of tiering',
  InvalidAnnotation: 'an annotation of its claim cannot be followed',
  PolicyNotAccepted: 'the policy is not accepted, so nothing is done by it',

  CoolingDown: 'it moved not long ago and is cooling down',
  BackingOff: 'the last attempt did not succeed, and the next one comes later',
  OutsideWindow: 'no maintenance window is open',
  PolicyLimit: 'the policy runs as many migrations as it may',
  OperatorLimit: 'the operator runs as many migrations as it may',
  RateLimit: 'the operator has started as many migrations within an hour as it may',
  VolumeBusy: 'the storage system has another operation under way on it',
  VolumeNotHealthy: 'it is not healthy now',

  Unpublished: 'it is not published',
  ExtraReplica: 'an extra replica of an earlier migration is still there',
  HasSnapshots: 'it has snapshots',
  PinnedTopology: 'its own topology keeps its replicas where they are',
  NoFreeNode: 'no node is free to take another of its replicas',
  NoPool: 'no pool of that tier can take it',
  RemovalNotSteerable: 'the storage system would not remove the replica that has to go',
  BackendCannotMove: 'this storage system cannot move replicas',
  VolumeMissing: 'the storage system does not know it',
};

function isMove(code: DecisionCode): code is MoveCode {
  return DECISION_CODES[code] === 'Move';
}

export function subjectOf({ volumeName, claim }: Pick<Decision, 'volumeName' | 'claim'>): string {
  return `volume ${volumeName} (${claim === undefined ? 'without a claim' : `claim ${claim.namespace}/${claim.name}`})`;
}

export function headline(decision: Decision): string {
  const { code, dryRun } = decision;
  const subject = subjectOf(decision);
  const tier = decision.wanted?.tier ?? decision.move?.target.tier;
  if (isMove(code)) {
    const goal = `${VERBS[code]} ${tier === undefined ? 'another tier' : inTier(tier)}`;
    return dryRun ? `Dry run: ${subject} would ${goal}.` : `V${subject.slice(1)} is to ${goal}.`;
  }
  const goal = tier === undefined ? '' : ` to ${inTier(tier)}`;
  const start = `V${subject.slice(1)}`;
  if (code === 'Migrating') return `${start} waits: a migration of it${goal} is under way.`;
  switch (DECISION_CODES[code]) {
    case 'Stay':
      return `${start} stays where it is: ${CAUSES[code]}.`;
    case 'Wait':
      return `${start} waits to move${goal}: ${CAUSES[code]}.`;
    case 'Blocked':
      return `${start} cannot move${goal}: ${CAUSES[code]}.`;
  }
}
