import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatFieldErrors } from '@couchestor/common/api';
import { anyMigration, anyPolicy } from './arbitraries.ts';
import { readYaml, storagePolicy, volumeMigration, type Definition, type Json } from './definitions.ts';
import { aliasPolicy, fullMigration, fullPolicy, withChange } from './documents.ts';
import { labelText, nearMiss, oddCron, oddDuration, oddName, oddPercentage, oddTime, oddZone } from './texts.ts';
import { edgeValues, places } from './violations.ts';

type Verdict = 'accepted' | 'refused';

interface Subject {
  definition: Definition;
  document: Json;
}

/** What both say. Thrown when they say different things. */
function verdict(definition: Definition, document: Json): Verdict {
  const problems = definition.problems(document);
  const parsed = definition.parse(document);
  if ((problems.length === 0) !== (parsed.kind === 'ok')) {
    const parserSays = parsed.kind === 'ok' ? 'accepted' : formatFieldErrors(parsed.errors);
    throw new Error(`schema: ${problems.join('\n') || 'accepted'}\nparser: ${parserSays}`);
  }
  return parsed.kind === 'ok' ? 'accepted' : 'refused';
}

/** Counts, and fails if one of the verdicts is rare, because the property would then say little. */
function bothVerdicts(runs: number, verdicts: Verdict[]): void {
  const accepted = verdicts.filter((one) => one === 'accepted').length;
  expect(Math.min(accepted, verdicts.length - accepted)).toBeGreaterThan(runs / 20);
}

describe('the schema with its rules and the parser both accept, or both refuse', () => {
  const RUNS = 1500;
  const documents: [string, Definition, fc.Arbitrary<Json>][] = [
    ['StoragePolicy', storagePolicy, anyPolicy(fullPolicy().status as Json)],
    ['VolumeMigration', volumeMigration, anyMigration(fullMigration())],
  ];

  it.each(documents)('any %s', (_kind, definition, any) => {
    const verdicts: Verdict[] = [];
    const property = fc.property(any, (document) => {
      verdicts.push(verdict(definition, document));
      // What is stored has its defaults filled in, and means the same.
      expect(definition.parse(definition.admitted(document)).kind).toBe(definition.parse(document).kind);
    });
    fc.assert(property, { numRuns: RUNS });
    bothVerdicts(RUNS, verdicts);
  });

  it.each<[string, Definition, Json]>([
    ['StoragePolicy', storagePolicy, fullPolicy()],
    ['StoragePolicy with the aliases', storagePolicy, aliasPolicy()],
    ['VolumeMigration', volumeMigration, fullMigration()],
  ])('every field of a %s at the ends of its bounds', (_kind, definition, document) => {
    const verdicts = places(definition.schema, document).flatMap(({ schema, value, path }) =>
      edgeValues(schema, value).map((edge) => verdict(definition, withChange(document, path, edge))),
    );
    bothVerdicts(verdicts.length, verdicts);
  });
});

describe('they agree about the length of a label key', () => {
  it.each([
    ['the longest prefix', 253, 'accepted'],
    ['a longer one', 254, 'refused'],
  ])('%s', (_what, length, expected) => {
    const key = `${'p'.repeat(length)}/tier`;
    for (const selector of [{ matchLabels: { [key]: 'hot' } }, { matchExpressions: [{ key, operator: 'Exists' }] }]) {
      const document = withChange(fullPolicy(), ['spec', 'hotPoolSelector'], selector);
      expect(verdict(storagePolicy, document)).toBe(expected);
    }
  });
});

describe('they agree about each format, down to a character:', () => {
  const RUNS = 600;
  const withoutStatus = (document: Json): Json => withChange(document, ['status'], undefined);
  const onPolicy: Subject = { definition: storagePolicy, document: withoutStatus(fullPolicy()) };
  const onMigration: Subject = { definition: volumeMigration, document: withoutStatus(fullMigration()) };

  it.each<[string, Subject, (string | number)[], fc.Arbitrary<unknown>]>([
    ['durations longer than zero', onPolicy, ['spec', 'samplingWindow'], oddDuration],
    ['durations that may be zero', onPolicy, ['spec', 'cooldownPeriod'], oddDuration],
    ['percentages', onPolicy, ['spec', 'minimumCoverage'], oddPercentage],
    ['schedules', onPolicy, ['spec', 'maintenanceWindows', 0, 'schedule'], oddCron],
    ['time zones', onPolicy, ['spec', 'maintenanceWindows', 0, 'timeZone'], oddZone],
    ['object names', onPolicy, ['spec', 'storageClassName'], oddName],
    ['identifiers', onPolicy, ['spec', 'ecPolicyRef'], oddName],
    ['label values', onPolicy, ['spec', 'hotPoolSelector', 'matchLabels', 'tier'], labelText],
    ['keys of requirements', onPolicy, ['spec', 'hotPoolSelector', 'matchExpressions', 0, 'key'], labelText],
    [
      'label keys',
      onPolicy,
      ['spec', 'hotPoolSelector', 'matchLabels'],
      fc.dictionary(labelText, fc.constant('x'), { minKeys: 1, maxKeys: 1 }),
    ],
    ['times', onMigration, ['spec', 'reason', 'decisionTime'], oddTime],
    ['namespaces', onMigration, ['spec', 'claim', 'namespace'], oddName],
  ])('%s', (_format, { definition, document }, path, values) => {
    const verdicts: Verdict[] = [];
    const pattern = places(definition.schema, document).find((place) => place.path.join() === path.join())?.schema
      .pattern;
    const any = pattern === undefined ? values : fc.oneof({ weight: 2, arbitrary: values }, nearMiss(pattern));
    fc.assert(
      fc.property(any, (value) => verdicts.push(verdict(definition, withChange(document, path, value))) > 0),
      { numRuns: RUNS },
    );
    bothVerdicts(RUNS, verdicts);
  });

  it('every value at every place of a schedule', () => {
    const forms = ['V', 'V/2', '1,V', 'V-1', '1-V', '1,V-1', '1,1-V'];
    const values = [...Array(101).keys()]
      .map(String)
      .concat('00', '07', '09', '031', 'JAN', 'DEC', 'SUN', 'SAT', 'jan', 'X');
    const small = withChange(
      readYaml('crds', 'examples', 'tiny.yaml'),
      ['spec', 'maintenanceWindows'],
      [{ duration: '1h' }],
    );
    const verdicts = [0, 1, 2, 3, 4].flatMap((field) =>
      forms.flatMap((form) =>
        values.map((value) => {
          const schedule = ['*', '*', '*', '*', '*'].with(field, form.replace('V', value)).join(' ');
          return verdict(storagePolicy, withChange(small, ['spec', 'maintenanceWindows', 0, 'schedule'], schedule));
        }),
      ),
    );
    bothVerdicts(verdicts.length, verdicts);
  });

  it.each([
    ['StoragePolicy', onPolicy],
    ['VolumeMigration', onMigration],
  ])('every text with a pattern in a %s', (_kind, { definition, document }) => {
    for (const { schema, path } of places(definition.schema, document)) {
      if (schema.pattern === undefined) continue;
      const property = fc.property(nearMiss(schema.pattern), (value) => {
        verdict(definition, withChange(document, path, value));
      });
      fc.assert(property, { numRuns: 60 });
    }
  });
});
