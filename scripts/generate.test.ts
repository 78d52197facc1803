import { describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { staleFiles } from './generate.ts';
import { crdPage } from './generate/crd-page.ts';
import { noticesPage } from './generate/notices-page.ts';
import { grpcPages } from './generate/grpc-page.ts';
import { kernelsModule } from './generate/wasm-kernels.ts';
import { wireTypes } from './generate/wire-types.ts';
import { loadProtos } from './proto/load-protos.ts';
import { withProtos } from './proto/scratch-protos.fixture.ts';

describe('a derived file', () => {
  const wanted = new Map([
    ['a.md', 'A'],
    ['b.md', 'B'],
    ['c.md', 'C'],
  ]);

  it('is out of date when it differs, is missing, or has nothing left to be derived from', () => {
    const found = new Map([
      ['gone.md', 'G'],
      ['c.md', 'old'],
      ['a.md', 'A'],
    ]);
    expect(staleFiles(wanted, found)).toEqual(['b.md', 'c.md', 'gone.md']);
    expect(staleFiles(wanted, new Map(wanted))).toEqual([]);
  });
});

describe('the page of a definition', () => {
  const yaml = `
    metadata: { name: things.example.com }
    spec:
      group: example.com
      scope: Cluster
      names: { kind: Thing, plural: things, shortNames: [th] }
      versions:
        - name: v1
          additionalPrinterColumns: [{ name: Size, type: integer, jsonPath: .spec.size, priority: 1, description: How large. }]
          schema:
            openAPIV3Schema:
              description: A thing.
              properties:
                spec:
                  required: [size]
                  x-kubernetes-validations: [{ rule: self.size != 13, message: not thirteen }]
                  properties:
                    size: { type: integer, format: int32, minimum: 1, maximum: 9, description: How large. }
                    parts:
                      type: array
                      maxItems: 4
                      items: { type: object, properties: { kind: { type: string, enum: [A, B], default: A, description: a | b } } }
  `;

  it('has every field with its bounds, the rules and the columns', () => {
    const { name, text } = crdPage(yaml, 'crds/things.yaml');
    expect(name).toBe('thing');
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        '<!-- Generated from crds/things.yaml by npm run generate. -->',
        'Cluster-scoped. Names for kubectl: `things`, `th`.',
        '| `spec.size` | int32 | **required** | ≥ 1; ≤ 9 | How large. |',
        '| `spec.parts` | []object |  | 0 – 4 items |  |',
        '| `spec.parts[].kind` | string | `"A"` | `A`, `B` | a \\| b |',
        '- `spec`: not thirteen',
        '| Size | `.spec.size` | `-o wide` | How large. |',
      ]),
    );
  });
});

describe('the third-party notices', () => {
  it('name what an install without dev dependencies brings, each version once', () => {
    const packages = {
      '': { version: '1.0.0' },
      common: { version: '1.0.0' },
      'node_modules/@couchestor/common': { link: true },
      'node_modules/b': { version: '2.0.0', license: 'MIT' },
      'common/node_modules/b': { version: '2.0.0', license: 'MIT' },
      'node_modules/@a/a': { version: '1.0.0' },
      'node_modules/tool': { version: '3.0.0', license: 'MIT', dev: true },
    };
    const rows = noticesPage(JSON.stringify({ packages }))
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).toEqual(['| `@a/a` | 1.0.0 | see the package |', '| `b` | 2.0.0 | MIT |']);
  });
});

describe('what is made of the gRPC contracts', () => {
  const THING = `
    syntax = "proto3";
    package couchestor.test.v1;
    import "couchestor/part/v1/part.proto";
    // A thing.
    message Thing {
      // How | large.
      uint64 size_bytes = 1;
      // Its label.
      optional string label = 2;
      // Its parts.
      repeated couchestor.part.v1.Part parts = 3;
      // Its first part.
      couchestor.part.v1.Part first = 4;
      // What is noted.
      map<string, bytes> notes = 5;
      // Which it is.
      oneof choice {
        // Left.
        bool left_one = 6;
        // A part.
        couchestor.part.v1.Part other = 7;
      }
    }
    // All of it.
    service ThingService {
      // Gets it.
      rpc Get(Thing) returns (stream Thing);
    }`;
  const PART = `
    syntax = "proto3";
    package couchestor.part.v1;
    // Of which kind.
    enum Kind {
      // Not known.
      KIND_UNSPECIFIED = 0;
    }
    // A part.
    message Part {
      // Its kind.
      Kind kind = 1;
    }`;
  const made = <Result>(make: (protos: ReturnType<typeof loadProtos>) => Result): Result =>
    withProtos({ 'couchestor/test/v1/thing.proto': THING, 'couchestor/part/v1/part.proto': PART }, (folder) =>
      make(loadProtos(folder)),
    );

  it('are types, one file for a package', () => {
    const files = made(wireTypes);
    expect([...files.keys()].sort()).toEqual(
      ['descriptor', 'part-v1', 'test-v1'].map((name) => `common/src/wire/generated/${name}.ts`),
    );
    const text = (files.get('common/src/wire/generated/test-v1.ts') ?? '').replaceAll(/ *\/\*\*.*\*\/\n/g, '');
    expect(text).toBe(`// Generated from proto/couchestor/test/v1 by npm run generate.

import type { Method } from '../method.ts';
import type { Part } from './part-v1.ts';

export type Thing = {
  readonly sizeBytes: number;
  readonly label?: string | undefined;
  readonly parts: readonly Part[];
  readonly first: Part | null;
  readonly notes: Readonly<Record<string, Uint8Array>>;
} & ({
  readonly choice: 'leftOne';
  readonly leftOne: boolean;
} | {
  readonly choice: 'other';
  readonly other: Part;
} | { readonly choice?: undefined });

export interface ThingService {
  readonly Get: Method<Thing, Thing, false, true>;
}
`);
    expect(files.get('common/src/wire/generated/part-v1.ts')).toContain(`/** Of which kind. */
export type Kind =
  /** Not known. */
  | 'KIND_UNSPECIFIED'
  /** A value that this program does not know. */
  | number;
`);
  });

  it('are pages, with every method, field and value', () => {
    const pages = made(grpcPages);
    expect(pages.get('docs/reference/grpc-test-v1.md')?.split('\n')).toEqual(
      expect.arrayContaining([
        '<!-- Generated from proto/couchestor/test/v1 by npm run generate. -->',
        '| `Get` | `Thing` | stream of `Thing` | Gets it. |',
        '| 1 | `size_bytes` | uint64 |  | How \\| large. |',
        '| 2 | `label` | string, optional |  | Its label. |',
        '| 3 | `parts` | []couchestor.part.v1.Part |  | Its parts. |',
        '| 5 | `notes` | map of string to bytes |  | What is noted. |',
        '| 6 | `left_one` | bool | `choice` | Left. |',
      ]),
    );
    expect(pages.get('docs/reference/grpc-part-v1.md')).toContain('| 0 | `KIND_UNSPECIFIED` | Not known. |');
  });
});

describe('the compiled kernels', () => {
  const withSource = async (source: string): Promise<string> => {
    const root = mkdtempSync(join(tmpdir(), 'kernels-'));
    try {
      mkdirSync(join(root, 'common/assembly'), { recursive: true });
      writeFileSync(join(root, 'common/assembly/kernels.ts'), source);
      return await kernelsModule(root);
    } finally {
      rmSync(root, { recursive: true });
    }
  };

  it('are the two modules that the source makes, as text that is a module again', async () => {
    const text = await withSource('export function isRelaxed(): i32 { return RELAXED_SIMD; }');
    const url = `data:text/javascript,${encodeURIComponent(text)}`;
    const { SIMD_KERNELS, RELAXED_SIMD_KERNELS } = (await import(url)) as Record<string, string>;
    const [plain, relaxed] = [SIMD_KERNELS, RELAXED_SIMD_KERNELS].map((base64) => Buffer.from(base64 ?? '', 'base64'));
    expect([plain, relaxed].map((module) => module?.toString('latin1', 0, 4))).toEqual(['\0asm', '\0asm']);
    expect(plain).not.toEqual(relaxed);
  });

  it('are refused in the words of the compiler', async () => {
    await expect(withSource('let broken: = 1;')).rejects.toThrow(/does not compile:\nERROR TS1110: Type expected/);
  });
});
