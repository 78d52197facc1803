import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { StoragePolicy } from '@couchestor/common/api';
import { readYaml, repository, storagePolicy } from './definitions.ts';

const examples = readdirSync(join(repository, 'crds', 'examples')).filter((file) => file.endsWith('.yaml'));

describe('the example', () => {
  it.each(examples)('%s passes the schema and the parser', (file) => {
    const document = readYaml('crds', 'examples', file);
    expect(storagePolicy.problems(document)).toEqual([]);
    expect(storagePolicy.parse(document)).toMatchObject({
      kind: 'ok',
      value: { metadata: { name: file.replace('.yaml', '') } },
    });
  });

  it('cautious.yaml is a rehearsal with windows, approval and preservation', () => {
    expect(storagePolicy.parse(readYaml('crds', 'examples', 'cautious.yaml'))).toMatchObject({
      value: { spec: { dryRun: true, preservationMode: true, approval: 'Manual', maintenanceWindows: [{}, {}] } },
    });
  });
});

describe("the datasheet's policy", () => {
  const document = readYaml('test', 'fixtures', 'datasheet-storagepolicy.yaml');

  it('passes the schema and the parser as it is printed', () => {
    expect(storagePolicy.problems(document)).toEqual([]);
    const result = storagePolicy.parse(document) as { kind: string; value: StoragePolicy };
    expect(result).toMatchObject({
      kind: 'ok',
      value: {
        spec: {
          highWatermarkIOPS: 5000,
          lowWatermarkIOPS: 500,
          samplingWindowMs: 3_600_000,
          cooldownPeriodMs: 86_400_000,
          storageClassName: 'mayastor',
          hotPoolSelector: { matchLabels: { tier: 'hot' } },
          coldPoolSelector: { matchLabels: { tier: 'cold' } },
          maxConcurrentMigrations: 2,
          migrationTimeoutMs: 1_800_000,
          enabled: true,
          dryRun: false,
        },
      },
    });
  });

  it('loses no field to pruning', () => {
    expect(storagePolicy.admitted(document).spec).toMatchObject(document.spec as object);
  });
});
