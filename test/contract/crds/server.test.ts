import { describe, expect, it } from '@jest/globals';
import { openTarget } from '../kube-api/harness/target.ts';
import { created, installCrd, ok } from '../kube-api/harness/widgets.ts';
import {
  clone,
  readYaml,
  storagePolicy,
  volumeMigration,
  type CustomResourceDefinition,
  type Definition,
  type Json,
} from './definitions.ts';
import { fullMigration, fullPolicy, withChange } from './documents.ts';
import { violations } from './violations.ts';

const target = await openTarget();
const { admin } = target;

interface Installed {
  path: string;
  /** The document in the API group of this run. */
  document: (source: Json, name?: string) => Json;
}

/** In a group of its own, so that a server with CoucheStor on it can be tested too. */
async function install({ crd }: Definition): Promise<Installed> {
  const group = `${target.unique('api')}.contract.couchestor.test`;
  const copy = clone(crd) as CustomResourceDefinition;
  copy.metadata.name = `${copy.spec.names.plural}.${group}`;
  copy.spec.group = group;
  await installCrd(target, copy);
  return {
    path: `/apis/${group}/v1/${copy.spec.names.plural}`,
    document: (source, name = 'full') => ({ ...source, apiVersion: `${group}/v1`, metadata: { name } }),
  };
}

const policies = await install(storagePolicy);
const migrations = await install(volumeMigration);
const dryRun = { query: { dryRun: 'All' } };

const cells = async (path: string): Promise<Record<string, unknown>> => {
  const table = ok(await admin.get(path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }));
  const columns = table.columnDefinitions as { name: string }[];
  const [row] = table.rows as { cells: unknown[] }[];
  return Object.fromEntries(columns.map(({ name }, index) => [name, row!.cells[index]]));
};

describe.each([
  ['StoragePolicy', policies, storagePolicy, fullPolicy()],
  ['VolumeMigration', migrations, volumeMigration, fullMigration()],
] as const)('a server with the definition of %s', (_kind, { path, document }, { schema }, full) => {
  it('takes a document with every field, its status by the status subresource', async () => {
    const stored = created(await admin.post(path, document(full)));
    expect(stored.spec).toEqual(full.spec);
    expect(stored.status).toBeUndefined();
    const update = { ...document(full), metadata: stored.metadata };
    expect(ok(await admin.put(`${path}/full/status`, update)).status).toEqual(full.status);
  });

  it('refuses every violation of a bound in the spec', async () => {
    const broken = violations(schema, full).filter(({ name }) => name.startsWith('spec'));
    const accepted: string[] = [];
    for (const { name, document: source } of broken) {
      const answer = await admin.post(path, document(source, 'broken'), dryRun);
      if (answer.status !== 422) accepted.push(`${name}: ${answer.status}`);
    }
    expect(accepted).toEqual([]);
  });

  it('refuses every violation of a bound in the status', async () => {
    const { metadata } = ok(await admin.get(`${path}/full`));
    // Old servers do not look at the keys of list maps when only the status is written.
    const enforced = (name: string): boolean => target.supports('cel') || !name.endsWith('list-type map');
    const broken = violations(schema, full).filter(({ name }) => name.startsWith('status') && enforced(name));
    const accepted: string[] = [];
    for (const { name, document: source } of broken) {
      const answer = await admin.put(`${path}/full/status`, { ...document(source), metadata }, dryRun);
      if (answer.status !== 422) accepted.push(`${name}: ${answer.status}`);
    }
    expect(accepted).toEqual([]);
  });
});

describe('kubectl get', () => {
  it('shows what a policy watches and did', async () => {
    expect(await cells(`${policies.path}/full`)).toMatchObject({
      Name: 'full',
      Class: 'mayastor',
      Low: 500,
      High: 5000,
      Accepted: 'True',
      Telemetry: 'False',
      'Dry-Run': false,
      Watched: 9,
      Active: 1,
      Succeeded: 5,
      Failed: 1,
      Approval: 'Manual',
      Waiting: 1,
      Moves: 1,
      Blocked: 3,
      Storage: null,
    });
  });

  it('shows where a migration is', async () => {
    expect(await cells(`${migrations.path}/full`)).toMatchObject({
      Policy: 'typical',
      Claim: 'data-db-0',
      From: 'Hot',
      To: 'Cold',
      Phase: 'Syncing',
      Progress: 40,
      'To Pool': 'pool-b',
      Approved: true,
    });
  });
});

describe('what is given in a minimal policy', () => {
  it('is completed with the defaults', async () => {
    const tiny = policies.document(readYaml('crds', 'examples', 'tiny.yaml'), 'tiny');
    expect(created(await admin.post(policies.path, tiny)).spec).toMatchObject({
      samplingWindow: '1h',
      cooldownPeriod: '24h',
      minimumCoverage: '50%',
      maxConcurrentMigrations: 2,
      enabled: true,
      preservationMode: false,
      approval: 'Automatic',
      ecMinVolumeSizeBytes: 10_737_418_240,
    });
  });
});

describe('the rules', () => {
  const cel = target.when('cel');

  cel('refuse both names of a selector, and neither', async () => {
    const both = withChange(fullPolicy(), ['spec', 'nvmePoolSelector'], { matchLabels: { tier: 'hot' } });
    const neither = withChange(fullPolicy(), ['spec', 'coldPoolSelector'], undefined);
    const messages = await Promise.all(
      [both, neither].map(
        async (source) => (await admin.post(policies.path, policies.document(source, 'wrong'))).body.message,
      ),
    );
    expect(messages).toEqual([
      expect.stringContaining('nvmePoolSelector is an alias of hotPoolSelector, remove one of the two'),
      expect.stringContaining('set coldPoolSelector, or its alias sataPoolSelector'),
    ]);
  });

  cel('refuse a status that was made anew', async () => {
    const stored = ok(await admin.get(`${policies.path}/full`));
    const answer = await admin.put(`${policies.path}/full/status`, { ...stored, status: { observedGeneration: 3 } });
    expect([answer.status, answer.body.message]).toEqual([422, expect.stringContaining('totals cannot be removed')]);
  });

  cel('refuse another plan, and a phase out of order, and take an approval', async () => {
    const name = target.unique('m');
    const waiting = withChange(fullMigration(), ['spec', 'approval'], { mode: 'Manual' });
    created(await admin.post(migrations.path, migrations.document(waiting, name)));
    const path = `${migrations.path}/${name}`;
    const patch = (at: string, body: unknown) => admin.patch(at, 'merge', body);
    const replanned = await patch(path, { spec: { target: { pool: 'pool-z' } } });
    expect([replanned.status, replanned.body.message]).toEqual([
      422,
      expect.stringContaining('is fixed when the migration is planned'),
    ]);
    ok(await patch(`${path}/status`, { status: { phase: 'AwaitingApproval' } }));
    ok(await patch(path, { spec: { approval: { approved: true, approvedBy: 'Jane' } } }));
    expect((await patch(`${path}/status`, { status: { phase: 'Removing' } })).status).toBe(422);
    ok(await patch(`${path}/status`, { status: { phase: 'Cancelled' } }));
    expect((await patch(`${path}/status`, { status: { phase: 'Adding' } })).status).toBe(422);
  });
});
