/** The JSON that API servers answer with, as far as the cases read it. */

export interface Metadata {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { uid: string; name: string }[];
  managedFields?: ManagedFields[];
  continue?: string;
  remainingItemCount?: number;
  selfLink?: string;
}

export interface ManagedFields {
  manager: string;
  operation: string;
  apiVersion: string;
  time: string;
  fieldsType: string;
  fieldsV1: Record<string, unknown>;
  subresource?: string;
}

export interface Cause {
  reason?: string;
  message?: string;
  field?: string;
}

/** Any answer's JSON: an object, a list, a Table or a Status; a test reads the fields that its case promises. */
export interface Body {
  kind: string;
  apiVersion: string;
  metadata: Metadata;
  items: Body[];
  message: string;
  reason: string;
  code: number;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    causes?: Cause[];
    retryAfterSeconds?: number;
    uid?: string;
  };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
  status?: unknown;
  [field: string]: unknown;
}
