/**
 * Documents that users and programs might write: valid ones in every variation, then changed at a place or two into
 * something that is wrong, odd, or by chance still right. Which of these it is, the schema and the parser have to agree on.
 */
import fc from 'fast-check';
import { withChange } from './documents.ts';
import { clone, type Json } from './definitions.ts';
import { anything, byName, validCron, validDuration, validSelector, validZone } from './texts.ts';

const optionalFields = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> =>
  fc.record(fields, { requiredKeys: [] });

const iops = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1_000_000_000 }));

const policySpec = fc
  .tuple(
    fc.record({
      lowWatermarkIOPS: iops,
      highWatermarkIOPS: iops,
      storageClassName: fc.constantFrom('mayastor', 'a.b-c'),
    }),
    fc
      .tuple(fc.constantFrom('hotPoolSelector', 'nvmePoolSelector'), validSelector)
      .map((pair) => Object.fromEntries([pair]) as Json),
    fc
      .tuple(fc.constantFrom('coldPoolSelector', 'sataPoolSelector'), validSelector)
      .map((pair) => Object.fromEntries([pair]) as Json),
    optionalFields({
      warmWatermarkIOPS: iops,
      samplingWindow: validDuration,
      cooldownPeriod: fc.oneof(validDuration, fc.constant('0s')),
      minimumCoverage: fc.constantFrom('0%', '50%', '100%'),
      volumeSelector: fc.oneof(validSelector, fc.constant({})),
      warmPoolSelector: validSelector,
      maxConcurrentMigrations: fc.integer({ min: 1, max: 100 }),
      migrationTimeout: validDuration,
      enabled: fc.boolean(),
      dryRun: fc.boolean(),
      preservationMode: fc.boolean(),
      approval: fc.constantFrom('Automatic', 'Manual'),
      maintenanceWindows: fc.array(
        fc.record(
          { schedule: validCron, duration: validDuration, timeZone: validZone },
          { requiredKeys: ['schedule', 'duration'] },
        ),
        { maxLength: 2 },
      ),
      ecPolicyRef: fc.constantFrom('archive', 'a.b'),
      ecMinVolumeSizeBytes: fc.nat(),
    }),
  )
  .map((parts) => {
    const spec = Object.assign({}, ...parts) as Record<string, number>;
    // Mostly in order; what is not, is part of the test.
    if (spec.lowWatermarkIOPS! > spec.highWatermarkIOPS!) {
      [spec.lowWatermarkIOPS, spec.highWatermarkIOPS] = [spec.highWatermarkIOPS!, spec.lowWatermarkIOPS!];
    }
    return spec;
  });

export const anyPolicy = (status: Json): fc.Arbitrary<Json> =>
  mutated(
    fc.record({
      apiVersion: fc.constant('storage.billyronks.io/v1'),
      kind: fc.constant('StoragePolicy'),
      metadata: fc.record({ name: fc.constantFrom('p', 'a.b-c', 'a'.repeat(63), 'a'.repeat(64)) }),
      spec: policySpec,
      status: fc.constant(status),
    }),
  );

/** Every document is `full` before it is changed. */
export const anyMigration = (full: Json): fc.Arbitrary<Json> => mutated(fc.constant(full));

type Path = (string | number)[];

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

function pathsOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

const ALIASES = ['hotPoolSelector', 'nvmePoolSelector', 'coldPoolSelector', 'sataPoolSelector', 'warmPoolSelector'];

const mutation = fc.record({
  place: fc.nat(),
  action: fc.oneof(
    { weight: 6, arbitrary: fc.constant('replace' as const) },
    { weight: 2, arbitrary: fc.constant('remove' as const) },
    { weight: 1, arbitrary: fc.constant('repeat' as const) },
    { weight: 1, arbitrary: fc.constant('unknown' as const) },
    { weight: 1, arbitrary: fc.constant('alias' as const) },
  ),
  anyValue: anything,
  fitting: fc.record(byName),
  preferFitting: fc.boolean(),
  alias: fc.constantFrom(...ALIASES),
  selector: validSelector,
});

function mutated(documents: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.tuple(documents, fc.array(mutation, { maxLength: 3 })).map(([document, mutations]) => {
    let result = document;
    for (const { place, action, anyValue, fitting, preferFitting, alias, selector } of mutations) {
      const paths = ['spec', 'status'].flatMap((part) => pathsOf(result[part], [part]));
      const path = paths[place % paths.length]!;
      const current = path.reduce<unknown>((node, key) => (node as Json)[key], result);
      if (action === 'remove') result = withChange(result, path, undefined);
      if (action === 'repeat' && Array.isArray(current))
        result = withChange(result, path, [...(current as unknown[]), ...(current as unknown[])]);
      if (action === 'unknown' && isObject(current)) result = withChange(result, [...path, 'unknown'], anyValue);
      if (action === 'alias' && isObject(result.spec)) result = withChange(result, ['spec', alias], selector);
      if (action === 'replace') {
        const fittingValue = fitting[String(path.at(-1))];
        result = withChange(result, path, preferFitting && fittingValue !== undefined ? fittingValue : anyValue);
      }
    }
    return clone(result) as Json;
  });
}
