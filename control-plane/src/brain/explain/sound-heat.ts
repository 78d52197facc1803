/** Heat that is no number, which a source should never report, is told as unknown: neither people nor JSON can read it. */
import type { Heat } from '../../model/heat.ts';

export function soundHeat(heat: Heat): Heat {
  if (heat.kind === 'unknown') return heat;
  const { iops, coverage, evidence } = heat;
  const isNumber = Number.isFinite(iops) && iops >= 0 && coverage >= 0 && coverage <= 1;
  if (isNumber) return heat;
  return { kind: 'unknown', reason: 'NoSamples', message: 'What was measured is not a number.', evidence };
}
