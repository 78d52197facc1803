import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import type { JsonObject, KubeObject } from '../types.ts';
import { applyServerSide, trackManagedFields } from './index.ts';
import { isObject } from './json.ts';
import { OneObject, sorted, widgets } from './one-object.fixture.ts';

describe('laws of server-side apply', () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const word = fc.constantFrom('1', '2', '3');
  const ports = fc.uniqueArray(
    fc.record(
      {
        port: fc.integer({ min: 1, max: 3 }),
        protocol: fc.constantFrom('TCP', 'UDP'),
        name: word,
        extra: fc.record({ a: word, b: word }, { requiredKeys: [] }),
      },
      { requiredKeys: ['port'] },
    ),
    { maxLength: 3, selector: (item) => `${item.port}${item.protocol ?? 'TCP'}` },
  );
  const spec = fc.record(
    {
      replicas: fc.integer({ min: 0, max: 3 }),
      set: fc.uniqueArray(word, { maxLength: 3 }),
      list: fc.array(word, { maxLength: 3 }),
      ports,
      atom: fc.dictionary(key, word),
      labels: fc.dictionary(key, word),
      free: fc.dictionary(key, fc.jsonValue({ maxDepth: 2 })),
    },
    { requiredKeys: [] },
  );
  const manager = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ manager, spec, verb: fc.constantFrom('apply', 'update') });

  const play = (object: OneObject, steps: readonly { manager: string; spec: JsonObject; verb: string }[]): void => {
    for (const { manager: name, spec: value, verb } of steps) {
      if (verb === 'apply' || object.current === undefined) object.apply(name, { spec: value }, { force: true });
      else object.patch(name, 'application/json-patch+json', [{ op: 'add', path: '/spec', value }]);
    }
  };

  it('applying the same configuration twice changes nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), spec, (steps, last) => {
        const object = new OneObject();
        play(object, steps);
        object.apply('a', { spec: last }, { force: true });
        // An object of which nobody owns anything is, to the next apply, one from before the first.
        fc.pre(object.current?.metadata.managedFields !== undefined);
        const before = structuredClone(object.current);
        expect(object.apply('a', { spec: last })).toBe(false);
        expect(object.current).toEqual(before);
      }),
    );
  });

  it('what is applied is there afterwards, and belongs to its manager', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), spec, (steps, last) => {
        const object = new OneObject();
        play(object, steps);
        object.apply('a', { spec: last }, { force: true });
        const alone = new OneObject();
        alone.apply('a', { spec: last });
        expect(object.owners['a Apply']).toEqual(alone.owners['a Apply']);
        // Merging it once more into the result adds nothing: it is all there already.
        const now = object.current!.spec;
        for (const [field, value] of Object.entries(last)) {
          if (['replicas', 'list', 'atom'].includes(field)) expect(now).toHaveProperty([field], value);
        }
      }),
    );
  });

  it('an applier that takes everything back leaves no field that was its alone', () => {
    fc.assert(
      fc.property(spec, spec, (mine, theirs) => {
        const object = new OneObject();
        object.apply('b', { spec: theirs });
        const alone = structuredClone({ ...object.current!, metadata: {} });
        object.apply('a', { spec: mine }, { force: true });
        object.apply('b', { spec: theirs }, { force: true });
        object.apply('a', {});
        expect(order({ ...object.current!, metadata: {} })).toEqual(order(alone));
        expect(object.owners['a Apply']).toBeUndefined();
      }),
    );
  });

  it('no leaf has two owners that disagree: a second applier without force either conflicts or changes nothing they own', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const object = new OneObject();
        object.apply('a', { spec: first });
        const owned = object.owners['a Apply'];
        try {
          object.apply('b', { spec: second });
        } catch (error) {
          expect((error as ApiError).code).toBe(409);
          return;
        }
        expect(object.owners['a Apply']).toBe(owned);
        expect(object.apply('a', { spec: first })).toBe(false);
      }),
    );
  });

  it('survives any live object and any configuration', () => {
    const anything = fc.dictionary(
      fc.constantFrom('spec', 'status', 'metadata', 'x'),
      fc.jsonValue(),
    ) as fc.Arbitrary<JsonObject>;
    const fields = fc.dictionary(
      fc.constantFrom('replicas', 'ports', 'set', 'labels', 'free', 'atom', 'list'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        fc.record({ spec: fields }),
        fc.oneof(anything, fc.record({ spec: fields })),
        fc.jsonValue(),
        (live, applied, managedFields) => {
          const current = {
            apiVersion: 'example.com/v1',
            kind: 'Widget',
            ...live,
            metadata: { name: 's', uid: 'u', resourceVersion: '1', creationTimestamp: '', managedFields },
          } as JsonObject as KubeObject;
          const common = { manager: 'a', type: widgets, subresource: '', now: '2026-01-01T00:00:00Z' };
          try {
            applyServerSide({ ...common, current, applied, force: true });
          } catch (error) {
            if (!(error instanceof ApiError)) throw error;
          }
          trackManagedFields({ ...common, before: current, after: structuredClone(current) });
        },
      ),
    );
  });
});

/** Lists that apply merges keep the order in which items came, and nobody owns an empty one. */
function order(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(order).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  return isObject(value)
    ? sorted(
        Object.fromEntries(
          Object.entries(value)
            .filter(([, field]) => !Array.isArray(field) || field.length > 0)
            .map(([key, field]) => [key, order(field)]),
        ),
      )
    : value;
}
