import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatFieldErrors } from '@couchestor/common/api';
import { anyMigration, anyPolicy } from './arbitraries.ts';
import { storagePolicy, volumeMigration, type Definition, type Json } from './definitions.ts';
import { fullMigration, fullPolicy } from './documents.ts';

const RUNS = 3000;

const cases: [string, Definition, fc.Arbitrary<Json>][] = [
  ['StoragePolicy', storagePolicy, anyPolicy(fullPolicy()['status'] as Json)],
  ['VolumeMigration', volumeMigration, anyMigration(fullMigration())],
];

describe.each(cases)('of any %s', (_kind, definition, documents) => {
  it('the schema with its rules and the parser both accept, or both refuse', () => {
    const verdicts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(documents, (document) => {
        const problems = definition.problems(document);
        const parsed = definition.parse(document);
        const parserSays = parsed.kind === 'ok' ? 'accepted' : formatFieldErrors(parsed.errors);
        if ((problems.length === 0) !== (parsed.kind === 'ok')) {
          throw new Error(`schema: ${problems.join('\n') || 'accepted'}\nparser: ${parserSays}`);
        }
        verdicts[parsed.kind === 'ok' ? 'accepted' : 'refused'] += 1;
        // What is stored has its defaults filled in, and means the same.
        expect(definition.parse(definition.admitted(document)).kind).toBe(parsed.kind);
      }),
      { numRuns: RUNS },
    );
    // Neither verdict is rare, or the property would say little.
    expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(RUNS / 10);
  });
});
