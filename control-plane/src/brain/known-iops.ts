/** Heat as a number to reckon with: undefined where it is unknown, or no number from zero on whatever it claims to be. */
import type { Heat } from '../model/heat.ts';

export function knownIops(heat: Heat): number | undefined {
  return heat.kind === 'known' && Number.isFinite(heat.iops) && heat.iops >= 0 ? heat.iops : undefined;
}
