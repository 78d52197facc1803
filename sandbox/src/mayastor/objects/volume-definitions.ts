/**
 * The definitions of the releases before 1.0, where volumes, pools and nodes were custom resources and REST did not exist.
 * Users change the spec of a volume, the control plane its status.
 */
import type { JsonObject } from '../../kube/index.ts';

const group = 'openebs.io';
export const mayastorVolumes = { group, resource: 'mayastorvolumes' } as const;
export const mayastorPools = { group, resource: 'mayastorpools' } as const;
export const mayastorNodes = { group, resource: 'mayastornodes' } as const;

const text = { type: 'string' };
const list = (items: JsonObject): JsonObject => ({ type: 'array', items });
const object = (properties: JsonObject, required: string[] = []): JsonObject => ({
  type: 'object',
  ...(required.length === 0 ? {} : { required }),
  properties,
});
const count = (minimum: number): JsonObject => ({ type: 'integer', minimum });
const bytes = { type: 'integer', format: 'int64' };

const volume = object({
  spec: object(
    {
      replicaCount: count(1),
      local: { type: 'boolean' },
      preferredNodes: list(text),
      requiredNodes: list(text),
      requiredBytes: count(1),
      limitBytes: count(0),
      protocol: text,
    },
    ['replicaCount', 'requiredBytes'],
  ),
  status: object({
    size: bytes,
    state: text,
    reason: text,
    targetNodes: list(text),
    nexus: object({ node: text, deviceUri: text, state: text, children: list(object({ uri: text, state: text })) }),
    replicas: list(object({ node: text, pool: text, uri: text, offline: { type: 'boolean' } })),
  }),
});

const pool = object({
  spec: object({ node: text, disks: list(text) }, ['node', 'disks']),
  status: object({ state: text, reason: text, disks: list(text), capacity: bytes, used: bytes, avail: bytes }),
});

/** The status of a node is a text. */
const node = object({ spec: object({ grpcEndpoint: text }, ['grpcEndpoint']), status: text });

interface Shape {
  readonly kind: string;
  readonly shortName: string;
  readonly schema: JsonObject;
  readonly columns: readonly (readonly [name: string, type: string, jsonPath: string])[];
}

function definition({ kind, shortName, schema, columns }: Shape): JsonObject {
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  const additionalPrinterColumns = columns.map(([name, type, jsonPath]) => ({ name, type, jsonPath }));
  const version = { name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName] },
      versions: [{ ...version, additionalPrinterColumns, schema: { openAPIV3Schema: schema } }],
    },
  };
}

export const volumeDefinitions: readonly JsonObject[] = [
  definition({
    kind: 'MayastorVolume',
    shortName: 'msv',
    schema: volume,
    columns: [
      ['Targets', 'string', '.status.targetNodes'],
      ['Size', 'integer', '.status.size'],
      ['State', 'string', '.status.state'],
      ['Age', 'date', '.metadata.creationTimestamp'],
    ],
  }),
  definition({
    kind: 'MayastorPool',
    shortName: 'msp',
    schema: pool,
    columns: [
      ['Node', 'string', '.spec.node'],
      ['State', 'string', '.status.state'],
      ['Age', 'date', '.metadata.creationTimestamp'],
    ],
  }),
  definition({
    kind: 'MayastorNode',
    shortName: 'msn',
    schema: node,
    columns: [
      ['State', 'string', '.status'],
      ['Age', 'date', '.metadata.creationTimestamp'],
    ],
  }),
];
