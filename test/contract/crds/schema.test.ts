import { describe, expect, it } from '@jest/globals';
import { definitions, storagePolicy, volumeMigration, type Definition, type Json, type Schema } from './definitions.ts';
import { aliasPolicy, fullMigration, fullPolicy, withChange } from './documents.ts';
import { leaves, violations } from './violations.ts';

const cases: [string, Definition, Json[]][] = [
  ['StoragePolicy', storagePolicy, [fullPolicy(), aliasPolicy()]],
  ['VolumeMigration', volumeMigration, [fullMigration()]],
];

function nodes(schema: Schema, path: string): [string, Schema][] {
  const children = Object.entries(schema.properties ?? {}).map(([name, child]): [string, Schema] => [
    `${path}.${name}`,
    child,
  ]);
  if (schema.items !== undefined) children.push([`${path}[]`, schema.items]);
  if (schema.additionalProperties !== undefined) children.push([`${path}{}`, schema.additionalProperties]);
  return [[path, schema], ...children.flatMap(([at, child]) => nodes(child, at))];
}

describe.each(definitions)('the definition of %s', (kind, { crd, schema }) => {
  const all = nodes(schema, kind).filter(([path]) => path !== `${kind}.metadata`);

  it('has the names that users type', () => {
    const { group, names, scope } = crd.spec;
    const shortName = kind === 'StoragePolicy' ? 'spol' : 'volmig';
    expect([group, scope, names.kind, names.shortNames, names.categories]).toEqual([
      'storage.billyronks.io',
      'Cluster',
      kind,
      [shortName],
      ['couchestor'],
    ]);
    expect(crd.spec.versions).toMatchObject([
      { name: 'v1', served: true, storage: true, subresources: { status: {} } },
    ]);
  });

  it('describes every field for kubectl explain', () => {
    const silent = all.filter(([path, node]) => !/(\[\]|\{\})$/.test(path) && (node.description ?? '').length < 10);
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it('bounds every text, list, map and number', () => {
    const unbounded = all.filter(
      ([path, node]) =>
        ![`${kind}.apiVersion`, `${kind}.kind`].includes(path) &&
        ((node.type === 'string' && node.enum === undefined && node.maxLength === undefined) ||
          (node.type === 'array' && node.maxItems === undefined) ||
          (node.additionalProperties !== undefined && node.maxProperties === undefined) ||
          (node.type === 'integer' && (node.minimum === undefined || node.maximum === undefined)) ||
          (node.type === 'number' && node.minimum === undefined)),
    );
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });

  it('gives every rule a message of its own', () => {
    const mute = all.filter(([, node]) =>
      node['x-kubernetes-validations']?.some(({ message }) => message === undefined),
    );
    expect(mute.map(([path]) => path)).toEqual([]);
  });

  it('has no default in its status, which would reset what is stored', () => {
    const defaulted = all.filter(([path, node]) => path.startsWith(`${kind}.status`) && node.default !== undefined);
    expect(defaulted.map(([path]) => path)).toEqual([]);
  });
});

describe.each(cases)('of %s', (_kind, definition, documents) => {
  it('the documents of these tests have every field and are accepted', () => {
    const present = (document: Json): string[] =>
      leaves(definition.schema).filter((leaf) => {
        const values = leaf.split('.').reduce<unknown[]>(
          (at, part) => {
            const name = part.replace('[]', '');
            const inner = at.map((value) => (value as Json | undefined)?.[name]);
            return part.endsWith('[]') ? inner.flat() : inner;
          },
          [document],
        );
        return values.some((value) => value !== undefined);
      });
    expect(new Set(documents.flatMap(present))).toEqual(new Set(leaves(definition.schema)));
    for (const document of documents) {
      expect(definition.problems(document)).toEqual([]);
      expect(definition.parse(document)).toMatchObject({ kind: 'ok' });
    }
  });

  it('the schema and the parser refuse every violation of a bound', () => {
    const broken = documents.flatMap((document) => violations(definition.schema, document));
    expect(broken.length).toBeGreaterThan(200);
    expect(broken.filter(({ document }) => definition.problems(document).length === 0).map(({ name }) => name)).toEqual(
      [],
    );
    expect(broken.filter(({ document }) => definition.parse(document).kind === 'ok').map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('unknown fields are pruned, and the parser does not see them either', () => {
    const document = documents[0]!;
    const odd = withChange(withChange(document, ['spec', 'colour'], 'red'), ['status', 'mood'], { good: true });
    expect(definition.admitted(odd)).toEqual(definition.admitted(document));
    expect(definition.parse(odd)).toEqual(definition.parse(document));
  });

  it('the parser reads what the server stores as what the user wrote', () => {
    for (const document of documents) {
      expect(definition.parse(definition.admitted(document))).toEqual(definition.parse(document));
    }
  });
});
