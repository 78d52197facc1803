/** Heat that cannot be, which a source should never report, is told as unknown: neither people nor JSON can read it. */
import type { Heat } from '../../model/heat.ts';
import { knownIops } from '../known-iops.ts';

export function soundHeat(heat: Heat): Heat {
  if (heat.kind === 'unknown' || knownIops(heat) !== undefined) return heat;
  const message = 'The value that was reported for it cannot be a measurement.';
  return { kind: 'unknown', reason: 'NoSamples', message, evidence: heat.evidence };
}
