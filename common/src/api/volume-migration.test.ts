import { describe, expect, it } from '@jest/globals';
import { formatFieldErrors } from './reader.ts';
import { parseVolumeMigration, volumeMigrationManifest, type VolumeMigration } from './volume-migration.ts';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Record<string, unknown>;
  spec: Record<string, unknown>;
  status?: unknown;
}

const manifest = (spec: Record<string, unknown> = {}, status?: unknown): Manifest => ({
  apiVersion: 'storage.billyronks.io/v1',
  kind: 'VolumeMigration',
  metadata: { name: 'm-1' },
  spec: {
    policyRef: { name: 'typical' },
    volumeId: 'v-1',
    source: { tier: 'Hot', pool: 'pool-a', node: 'node-a' },
    target: { tier: 'Cold', pool: 'pool-b', node: 'node-b' },
    plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 3 },
    reason: { code: 'HeatBelowLow', message: 'It is cold.' },
    ...spec,
  },
  ...(status === undefined ? {} : { status }),
});

function accepted(document: unknown): VolumeMigration {
  const result = parseVolumeMigration(document);
  if (result.kind === 'invalid') throw new Error(formatFieldErrors(result.errors));
  return result.value;
}

const specOf = (spec: Record<string, unknown> = {}): VolumeMigration['spec'] => accepted(manifest(spec)).spec;

function problems(document: unknown): string[] {
  const result = parseVolumeMigration(document);
  return result.kind === 'invalid' ? result.errors.map(({ field, message }) => `${field}: ${message}`) : [];
}

const preserving = { preservationMode: true, plan: { steps: ['Add', 'Sync', 'Verify'], replicaCount: 3 } };

describe('a VolumeMigration', () => {
  it('has these defaults, and no status until the operator saw it', () => {
    const migration = accepted(manifest());
    expect(migration.spec).toMatchObject({
      plan: { timeoutMs: 1_800_000 },
      approval: { mode: 'Automatic', approved: false },
      cancel: false,
      cleanup: false,
      dryRun: false,
      preservationMode: false,
    });
    expect(migration.status).toBeUndefined();
    expect(Object.isFrozen(migration.spec.plan.steps)).toBe(true);
  });

  // observes: VolumeMigration.spec.policyRef.{name,uid,generation}, VolumeMigration.spec.volumeId
  // observes: VolumeMigration.spec.claim.{namespace,name}, VolumeMigration.spec.target.{tier,pool,node}
  // observes: VolumeMigration.spec.source.{tier,pool,node,replicaId}, VolumeMigration.spec.{cancel,cleanup,dryRun}
  it.each([
    { policyRef: { name: 'other', uid: 'u-1', generation: 7 } },
    { volumeId: 'v-2' },
    { claim: { namespace: 'shop', name: 'data-db-0' } },
    { source: { tier: 'Unassigned', pool: 'pool-c', node: 'node-c', replicaId: 'r-1' } },
    { target: { tier: 'Warm', pool: 'pool-c', node: 'node-c' } },
    { cancel: true },
    { cleanup: true },
    { dryRun: true },
  ])('keeps %j in the model', (field) => {
    expect(specOf(field)).toEqual({ ...specOf(), ...field });
  });

  // observes: VolumeMigration.spec.adopts.{migration,replicaId}
  it('keeps what is adopted, in a plan that adds nothing', () => {
    const adopts = { migration: 'v-1-1', replicaId: 'r-9' };
    const plan = { steps: ['Sync', 'Verify', 'Remove'], replicaCount: 3 };
    expect(specOf({ adopts, plan })).toMatchObject({ adopts, plan: { steps: plan.steps } });
    expect(problems(manifest({ adopts }))).toEqual([
      'spec.plan.steps: contradicts adopts; leave Add out where a replica is adopted',
    ]);
    expect(problems(manifest({ plan }))).toEqual([
      'spec.plan.steps: contradicts adopts; begin with Add, or name a replica in adopts',
    ]);
  });

  // observes: VolumeMigration.spec.plan.{steps,replicaCount,sizeBytes,timeout}, VolumeMigration.spec.preservationMode
  it('keeps the plan, with the timeout in milliseconds', () => {
    const steps = ['Add', 'Sync', 'Verify'];
    const plan = { steps, replicaCount: 2, sizeBytes: 1024, timeout: '2h' };
    expect(specOf({ plan, preservationMode: true })).toMatchObject({
      plan: { steps, replicaCount: 2, sizeBytes: 1024, timeoutMs: 7_200_000 },
      preservationMode: true,
    });
  });

  // observes: VolumeMigration.spec.reason.{code,message,heatIOPS,coveragePercent,samplingWindow,metric}
  // observes: VolumeMigration.spec.reason.{lowWatermarkIOPS,warmWatermarkIOPS,highWatermarkIOPS,decisionTime}
  it('keeps the reason with all its inputs', () => {
    const inputs = {
      code: 'HeatAboveHigh',
      message: 'It is hot.',
      heatIOPS: 0.25,
      coveragePercent: 80,
      metric: 'volume_num_read_ops',
      lowWatermarkIOPS: 1,
      warmWatermarkIOPS: 2,
      highWatermarkIOPS: 3,
      decisionTime: '2026-02-17T09:30:00Z',
    };
    expect(specOf({ reason: { ...inputs, samplingWindow: '1d' } }).reason).toEqual({
      ...inputs,
      samplingWindowMs: 86_400_000,
    });
  });

  // observes: VolumeMigration.spec.approval.{mode,approved,approvedBy}
  it('is approved by somebody', () => {
    const approval = { mode: 'Manual', approved: true, approvedBy: 'Jane Doe <jane@example.com>' };
    expect(specOf({ approval }).approval).toEqual(approval);
    expect(specOf({ approval: { mode: 'Manual' } }).approval).toEqual({ mode: 'Manual', approved: false });
    expect(problems(manifest({ approval: { approved: true } }))).toEqual([
      'spec.approval.approvedBy: is missing; write who approves',
    ]);
  });

  it.each([
    [{ target: { tier: 'Cold', pool: 'pool-a', node: 'node-b' } }, 'spec.target.pool'],
    [{ preservationMode: true }, 'spec.plan.steps'],
    [{ ...preserving, preservationMode: false }, 'spec.plan.steps'],
    [{ plan: { steps: ['Remove', 'Add', 'Sync'], replicaCount: 3 } }, 'spec.plan.steps'],
    [{ plan: { steps: ['Add', 'Sync'], replicaCount: 3 } }, 'spec.plan.steps'],
    [{ target: { tier: 'Unassigned', pool: 'pool-b', node: 'node-b' } }, 'spec.target.tier'],
    [{ volumeId: '../etc' }, 'spec.volumeId'],
  ])('refuses %j', (spec, field) => {
    expect(problems(manifest(spec))).toEqual([expect.stringContaining(`${field}: `)]);
  });

  it('keeps its status as stored', () => {
    const replica = { replicaId: 'r-2', pool: 'pool-b', node: 'node-b' };
    const time = '2026-02-17T09:30:00Z';
    const status = {
      phase: 'Syncing',
      intent: {
        operationId: 'op-1',
        step: 'Add',
        expectedGeneration: 1,
        recordedTime: time,
        replicaIdsBefore: ['r-1'],
        replicaCountAfter: 4,
      },
      newReplica: replica,
      extraReplica: { ...replica, recordedTime: time },
      cordons: [
        { kind: 'Node', name: 'node-c', setTime: time },
        { kind: 'Pool', name: 'node-c', setTime: time },
      ],
      progressPercent: 40,
    };
    expect(accepted(manifest({}, status)).status).toEqual(status);
    expect(problems(manifest({}, {}))).toEqual(['status.phase: is missing; set it']);
    expect(problems(manifest({}, { ...status, cordons: [status.cordons[0], status.cordons[0]] }))).toEqual([
      'status.cordons: lists "Node node-c" twice; remove one of the two',
    ]);
  });
});

describe('the manifest of a migration', () => {
  it('parses back into the same migration, owned by its policy', () => {
    const spec = specOf({
      ...preserving,
      claim: { namespace: 'shop', name: 'data' },
      reason: { code: 'HeatAboveHigh', message: 'Hot.', samplingWindow: '1h30m' },
      approval: { mode: 'Manual' },
    });
    const written: unknown = JSON.parse(JSON.stringify(volumeMigrationManifest('m-2', spec, 'policy-uid')));
    const { metadata, spec: readBack } = accepted(written);
    expect(readBack).toEqual(spec);
    expect(metadata).toMatchObject({
      name: 'm-2',
      labels: { 'storage.billyronks.io/policy': 'typical', 'storage.billyronks.io/volume': 'v-1' },
      finalizers: ['storage.billyronks.io/migration'],
      ownerReferences: [{ kind: 'StoragePolicy', name: 'typical', uid: 'policy-uid', controller: true }],
    });
    expect(written).toMatchObject({ metadata: { ownerReferences: [{ blockOwnerDeletion: false }] } });
  });
});
