/**
 * What a target can do. A case that needs more than the target has is skipped, and its name says why; a case without a
 * capability holds on every server. Kubernetes versions are those in which the feature is on by default.
 */

/** The minor version of Kubernetes 1.x from which a server behaves so. */
const since = {
  /** Namespaces carry kubernetes.io/metadata.name. */
  namespaceNameLabel: 21,
  policyV1: 21,
  /** managedFields entries name the subresource that was written. */
  managedFieldsSubresource: 22,
  /** `Too many` and `Too long` have reasons of their own instead of the text of go-openapi. */
  tooManyTooLong: 22,
  openApiV3: 24,
  /** CEL rules in CustomResourceDefinitions. */
  cel: 25,
  /** The fieldValidation parameter, and warnings about unknown fields. */
  fieldValidation: 25,
  /** APIGroupDiscoveryList in version v2. */
  aggregatedDiscovery: 30,
  /** reason, fieldPath and messageExpression of CEL rules. */
  celReasons: 28,
  /** SelfSubjectReview, behind `kubectl auth whoami`. */
  selfSubjectReview: 28,
} as const;

/** What does not follow from the version. */
const extras = {
  /** Deletes what a deleted owner leaves: part of kube-controller-manager. */
  garbageCollection: 'a garbage collector',
  /** Empties and finalizes a deleted namespace: part of kube-controller-manager. */
  namespaceController: 'a namespace controller',
  /** Fills in the rules of aggregated cluster roles, `view` and `edit` among them: part of kube-controller-manager. */
  roleAggregation: 'a controller for aggregated roles',
  /** Nobody else's objects are there, so that cases may use fixed names. */
  exclusive: 'a server of its own',
  /** The history can be compacted on demand: etcd's address in ETCD_TEST. */
  compaction: 'compaction on demand (ETCD_TEST)',
} as const;

export type Capability = keyof typeof since | keyof typeof extras;

export interface TargetFacts {
  minor: number;
  extras: ReadonlySet<keyof typeof extras>;
}

/** Undefined when the target has the capability, otherwise the words for a skipped case. */
export function lacking(capability: Capability, facts: TargetFacts): string | undefined {
  if (capability in extras) {
    const extra = capability as keyof typeof extras;
    return facts.extras.has(extra) ? undefined : `needs ${extras[extra]}`;
  }
  const minor = since[capability as keyof typeof since];
  return facts.minor >= minor ? undefined : `needs Kubernetes 1.${minor} (${capability})`;
}
