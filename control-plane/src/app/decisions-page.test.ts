/** The page that explains decisions to users knows every word that the operator may say to them, and no other. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as api from '@couchestor/common/api';
import { PromClientMetrics } from '../adapters/prom-client/prom-client-metrics.ts';
import { DECISION_CODES } from '../model/decision.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/decisions.md'), 'utf8');

/** The rows of a section's table, a list of cells each, without the heading. */
function rowsOf(section: string): string[][] {
  const [, text = ''] = page.split(`\n## ${section}\n`);
  const [own = ''] = text.split('\n## ');
  const lines = own.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => line.split('|').map((cell) => cell.trim()));
}

/** What stands between backticks, without labels. */
const wordsIn = (cell = ''): string[] => [...cell.matchAll(/`([^`{]+)[^`]*`/g)].flatMap(([, word]) => word ?? []);

describe('docs/decisions.md', () => {
  it('has every code, with its outcome', () => {
    const told = rowsOf('Codes').flatMap(([, codes, outcome]) => wordsIn(codes).map((code) => [code, outcome]));
    expect(Object.fromEntries(told)).toEqual(DECISION_CODES);
  });

  it('has every annotation of a claim', () => {
    const told = rowsOf("What a claim's owner can say").flatMap(([, annotation]) => wordsIn(annotation));
    const { PIN_ANNOTATION, MINIMUM_TIER_ANNOTATION, MAXIMUM_TIER_ANNOTATION } = api;
    const tiers = [PIN_ANNOTATION, MINIMUM_TIER_ANNOTATION, MAXIMUM_TIER_ANNOTATION];
    expect(told.sort()).toEqual([...tiers, api.OPT_OUT_ANNOTATION, api.UNTIL_ANNOTATION].sort());
  });

  it('has every metric, with its type', async () => {
    const metrics = new PromClientMetrics('1.2.3');
    metrics.observe({
      isLeader: () => false,
      queue: () => ({ count: 0, delayedCount: 0, retryCount: 0 }),
      caches: () => [],
      droppedEvents: () => 0,
    });
    const exposed = [...(await metrics.expose()).matchAll(/^# TYPE storage_operator_(\w+) (\w+)$/gm)];
    const told = rowsOf('Metrics and probes').flatMap(([, names, types = '']) => {
      const each = types.split(', ');
      return wordsIn(names).map((name, index) => [name, each[index] ?? each[0]]);
    });
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(exposed.map(([, name, type]) => [name, type])));
  });
});
