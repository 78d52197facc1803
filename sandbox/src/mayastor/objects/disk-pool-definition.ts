/**
 * The DiskPool definition as Mayastor's pool operator installs it. The operator serves one version at a time and raises it
 * with its release, so a client has to ask which one is there; fields only ever came along, in the table below.
 */
import type { JsonObject } from '../../kube/index.ts';

export const DISK_POOL_VERSIONS = ['v1alpha1', 'v1beta1', 'v1beta2', 'v1beta3'] as const;
export type DiskPoolVersion = (typeof DISK_POOL_VERSIONS)[number];

export const diskPools = { group: 'openebs.io', resource: 'diskpools' } as const;

/** Whether objects of `version` have what came with `since`. */
export const isSince = (version: DiskPoolVersion, since: DiskPoolVersion): boolean =>
  DISK_POOL_VERSIONS.indexOf(version) >= DISK_POOL_VERSIONS.indexOf(since);

const text = { type: 'string' };
const optionalText = { type: 'string', nullable: true };
const bytes = { type: 'integer', format: 'uint64', minimum: 0 };
const object = (properties: JsonObject, required: string[] = []): JsonObject => ({
  type: 'object',
  ...(required.length === 0 ? {} : { required }),
  properties,
});

const column = (name: string, type: string, jsonPath: string): JsonObject => ({ name, type, jsonPath });

export function diskPoolDefinition(version: DiskPoolVersion): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${diskPools.resource}.${diskPools.group}` },
    spec: {
      group: diskPools.group,
      scope: 'Namespaced',
      names: { kind: 'DiskPool', plural: diskPools.resource, singular: 'diskpool', shortNames: ['dsp'] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columnsOf(version),
          schema: {
            openAPIV3Schema: object({ spec: specOf(version), status: { ...statusOf(version), nullable: true } }, [
              'spec',
            ]),
          },
        },
      ],
    },
  };
}

function specOf(version: DiskPoolVersion): JsonObject {
  const labelled = { type: 'object', default: {}, additionalProperties: text };
  const encryption = object({ source: object({ secret: object({ name: text }, ['name']) }) }, ['source']);
  return object(
    {
      node: text,
      disks: { type: 'array', items: text },
      ...(isSince(version, 'v1beta2') ? { topology: { ...object({ labelled }), nullable: true } } : {}),
      ...(isSince(version, 'v1beta3') ? { encryptionConfig: { ...encryption, nullable: true } } : {}),
    },
    ['node', 'disks'],
  );
}

function statusOf(version: DiskPoolVersion): JsonObject {
  const size = { capacity: bytes, used: bytes, available: bytes };
  const required = Object.keys(size);
  if (version === 'v1alpha1') return object({ state: text, ...size }, ['state', ...required]);
  const states = { type: 'string', default: 'Creating', enum: ['Creating', 'Created', 'Terminating'] };
  const statuses = { ...optionalText, enum: ['Unknown', 'Online', 'Degraded', 'Faulted'] };
  const newest = {
    status: optionalText,
    encrypted: { type: 'boolean', nullable: true },
    capacity_q: optionalText,
    used_q: optionalText,
    available_q: optionalText,
    conditions: {
      type: 'array',
      items: object({ type: text, status: text, reason: text, message: text, lastTransitionTime: text }, [
        'type',
        'status',
      ]),
    },
  };
  return object(
    { cr_state: states, pool_status: statuses, ...size, ...(isSince(version, 'v1beta3') ? newest : {}) },
    required,
  );
}

function columnsOf(version: DiskPoolVersion): JsonObject[] {
  const state =
    version === 'v1alpha1'
      ? [column('status', 'string', '.status.state')]
      : [column('state', 'string', '.status.cr_state'), column('pool_status', 'string', '.status.pool_status')];
  const quantities = isSince(version, 'v1beta3');
  const sizes = ['capacity', 'used', 'available'].map((name) =>
    quantities ? column(name, 'string', `.status.${name}_q`) : column(name, 'integer', `.status.${name}`),
  );
  const encrypted = quantities ? [column('encrypted', 'boolean', '.status.encrypted')] : [];
  return [column('node', 'string', '.spec.node'), ...state, ...encrypted, ...sizes];
}
