/** Kubernetes Events, as those need them who have something to tell about an object. */

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface Happening {
  readonly regarding: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  readonly reason: string;
  /** What was done or attempted, CamelCase. */
  readonly action: string;
  /** One sentence for people. */
  readonly note: string;
}

export interface Events {
  /** Neither waits nor throws; repetitions are merged, and what is too much is dropped and counted. */
  record(happening: Happening): void;
}
