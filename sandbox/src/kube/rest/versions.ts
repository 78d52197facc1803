/**
 * From what is stored to what one version of the API shows, and back. Custom resources convert with strategy None and
 * get the defaults of the schema as it is now, as on a real server; the two kinds of Event differ in field names.
 */
import { apiVersionOf } from '../types.ts';
import type { KubeObject, ResourceType } from '../types.ts';

/** Core field name to events.k8s.io/v1 field name. */
const eventFields: Readonly<Record<string, string>> = {
  involvedObject: 'regarding',
  message: 'note',
  reportingComponent: 'reportingController',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
};
const coreEventFields = Object.fromEntries(Object.entries(eventFields).map(([core, events]) => [events, core]));

const views = new WeakMap<KubeObject, { type: ResourceType; view: KubeObject }>();

/** The object as `type` serves it; shared and frozen by convention, like everything out of the store. */
export function present(object: KubeObject, type: ResourceType): KubeObject {
  if (type.builtIn && object.apiVersion === apiVersionOf(type)) return object;
  const cached = views.get(object);
  if (cached?.type === type) return cached.view;
  const view = structuredClone(object);
  if (type.builtIn) renameFields(view, eventFields);
  else type.schema?.applyDefaults(view);
  view.apiVersion = apiVersionOf(type);
  views.set(object, { type, view });
  return view;
}

/** Turns an object of `type` into the one to store, in place. */
export function toStored(object: KubeObject, type: ResourceType): KubeObject {
  if (type.group === 'events.k8s.io') {
    renameFields(object, coreEventFields);
    object.apiVersion = 'v1';
    return object;
  }
  const stored = apiVersionOf({ group: type.group, version: type.storageVersion });
  // Just defaulted by this very type: it shows as it is.
  if (object.apiVersion === stored) views.set(object, { type, view: object });
  object.apiVersion = stored;
  return object;
}

function renameFields(object: KubeObject, names: Readonly<Record<string, string>>): void {
  for (const [from, to] of Object.entries(names)) {
    if (object[from] === undefined) continue;
    object[to] = object[from];
    Reflect.deleteProperty(object, from);
  }
}
