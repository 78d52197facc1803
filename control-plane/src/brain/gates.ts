/**
 * The questions that come before a volume's heat may count, in the order in which they are asked. Each gate lets the volume
 * through or has the last word about it; none of them knows of another volume, and none looks at its tiers.
 */
import { isFinal, OPT_OUT_ANNOTATION } from '@couchestor/common/api';
import { soundHeat } from './explain/index.ts';
import { byText } from './order.ts';
import type { Subject } from './subject.ts';
import type { Verdict } from './verdict.ts';
import { percentText, timeText } from './wording.ts';

type Gate = (subject: Subject) => Verdict | undefined;

export const GATES: readonly Gate[] = [
  policyAccepted,
  volumePresent,
  notMigrating,
  wishesReadable,
  notOptedOut,
  heatKnown,
  coverageEnough,
];

function policyAccepted({ terms: { policy } }: Subject): Verdict | undefined {
  if (policy.accepted) return undefined;
  return {
    code: 'PolicyNotAccepted',
    reason: `Policy ${policy.name} is not accepted, for the reason that its condition Accepted gives, so it moves nothing.`,
  };
}

function volumePresent({ volume, claim }: Subject): Verdict | undefined {
  if (volume !== undefined) return undefined;
  return {
    code: 'VolumeMissing',
    reason: `The storage system has no volume ${claim.volumeId}, to which PersistentVolume ${claim.volumeName} refers.`,
    remedies: [
      `Delete PersistentVolume ${claim.volumeName} if its volume is gone for good.`,
      'Point the operator at the storage system that holds the volume.',
    ],
  };
}

function notMigrating({ migrations }: Subject): Verdict | undefined {
  const [running] = migrations.filter(({ phase }) => !isFinal(phase)).sort((a, b) => byText(a.name, b.name));
  if (running === undefined) return undefined;
  const { name, policy, phase, from, to } = running;
  return { code: 'Migrating', reason: `Migration ${name} of policy ${policy} from ${from} to ${to} is ${phase}.` };
}

function wishesReadable({ wishes }: Subject): Verdict | undefined {
  if (wishes.kind === 'valid') return undefined;
  return {
    code: 'InvalidAnnotation',
    reason: `The volume stays where it is: ${wishes.message}.`,
    earliestChangeMs: wishes.untilMs,
  };
}

function notOptedOut({ wishes }: Subject): Verdict | undefined {
  if (wishes.kind === 'invalid' || !wishes.optOut) return undefined;
  const until = wishes.untilMs === undefined ? '' : ` until ${timeText(wishes.untilMs)}`;
  return {
    code: 'OptedOut',
    reason: `The claim's annotation ${OPT_OUT_ANNOTATION} keeps the volume where it is${until}.`,
    earliestChangeMs: wishes.untilMs,
  };
}

/** Holds for pins too: where nothing is known of a volume, nothing is done to it. */
function heatKnown({ heat }: Subject): Verdict | undefined {
  const sound = soundHeat(heat);
  if (sound.kind === 'known') return undefined;
  const reason = `Unknown heat moves no data (${sound.reason}): ${sound.message.replace(/\.?$/, '.')}`;
  return { code: 'HeatUnknown', reason };
}

function coverageEnough({ heat, terms: { thresholds, policy } }: Subject): Verdict | undefined {
  if (heat.kind === 'unknown' || heat.coverage >= thresholds.minimumCoverage) return undefined;
  const { sampleCount, expectedSampleCount } = heat.evidence;
  return {
    code: 'LowCoverage',
    reason:
      `Samples cover ${percentText(heat.coverage)} of the sampling window (${sampleCount} of ${expectedSampleCount} steps), ` +
      `and policy ${policy.name} asks for at least ${percentText(thresholds.minimumCoverage)}.`,
  };
}
