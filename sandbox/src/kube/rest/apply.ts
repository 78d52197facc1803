/** Stands in until the patch module tracks field managers: apply is a merge, nothing is tracked. */
import { mergePatch } from '../patch/index.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';

export function applyServerSide(input: {
  current: KubeObject | undefined;
  applied: JsonObject;
  manager: string;
  force: boolean;
  type: ResourceType;
  subresource: string;
  now: string;
}): JsonObject {
  return mergePatch(input.current, input.applied) as JsonObject;
}

export function trackManagedFields(_input: {
  before: KubeObject | undefined;
  after: KubeObject;
  manager: string;
  type: ResourceType;
  subresource: string;
  now: string;
}): void {
  // Nothing yet.
}
