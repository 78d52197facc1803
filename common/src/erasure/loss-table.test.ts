import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lossTable } from './loss-table.ts';
import { planReconstruction } from './plan.ts';
import { schemeNamed } from './schemes.fixture.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/erasure.md'), 'utf8');
const rows = [...page.matchAll(/^\| ((?:LRC )?\d+(?:\+\d+)+) \| .*$/gm)].map(([line, name]) => ({ name: name!, line }));

/** The row of docs/erasure.md as it has to be. */
function rowOf(name: string): string {
  const scheme = schemeNamed(name);
  const table = lossTable(scheme);
  const available = [...Array(scheme.totalShards).keys()];
  const plan = planReconstruction(scheme, { available, wanted: [0] });
  if (plan.kind !== 'plan') throw new Error(plan.kind);
  const beyond = table
    .filter(({ losses }) => losses > scheme.guaranteedLosses)
    .map(({ losses, share }) => `${losses}: ${(100 * share!).toFixed(1)} %`);
  const isBest = table.every(({ counted }) => counted === undefined || counted.decodable === counted.possible);
  const cells = [
    name,
    scheme.totalShards,
    `${Math.round((100 * scheme.parityShards) / scheme.dataShards)} %`,
    scheme.guaranteedLosses,
    plan.sources.length,
    beyond.join(', ') || 'none',
    isBest ? 'yes' : 'nearly',
  ];
  return `| ${cells.join(' | ')} |`;
}

describe('docs/erasure.md', () => {
  it('has a table of schemes', () => {
    expect(rows.length).toBeGreaterThan(8);
  });

  it.each(rows)('tells the truth about $name', ({ name, line }) => {
    expect(line).toBe(rowOf(name));
  });
});
