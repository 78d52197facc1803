/** Heat as a number to reckon with: undefined where it is unknown, or no measurement that there can be, whatever it claims to be. */
import type { Heat } from '../model/heat.ts';

export function knownIops(heat: Heat): number | undefined {
  if (heat.kind === 'unknown') return undefined;
  const { iops, coverage } = heat;
  return Number.isFinite(iops) && iops >= 0 && coverage >= 0 && coverage <= 1 ? iops : undefined;
}
