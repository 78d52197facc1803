/**
 * What is different from the look before. Nothing is told when nothing has changed, and nothing of what moves at every look. Disks that
 * vanish all together are more often a look that failed than disks that are gone, so that is told only when the next look agrees, and
 * a look that could not list the disks is no look.
 */
import type { HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { viewOf, type DeviceDetails, type DeviceView, type ObservedDevice } from '../view/index.ts';

export interface FieldChange {
  /** Those of the details too. */
  readonly field: Exclude<keyof DeviceView, 'details'> | keyof DeviceDetails;
  readonly before: unknown;
  readonly after: unknown;
}

export type HardwareChange =
  | { readonly kind: 'added'; readonly device: DeviceView }
  | { readonly kind: 'removed'; readonly device: DeviceView }
  | { readonly kind: 'changed'; readonly device: DeviceView; readonly fields: readonly FieldChange[] };

interface Known {
  readonly view: DeviceView;
  /** What of the view must stay the same, as text. */
  readonly text: string;
}

/** Lists without which nothing can be said about what is gone. */
const INDISPENSABLE: ReadonlySet<string> = new Set(['/sys/block', '/sys/class/block']);

export class ChangeDetector {
  #known = new Map<string, Known>();
  #wasEmpty = false;
  #last: readonly ObservedDevice[] = [];

  /**
   * @param devices - of a look, with the gaps of its snapshot.
   * @returns what was removed, then what was added or changed, each in the order of the devices. At the first look all are added.
   */
  next(devices: readonly ObservedDevice[], gaps: HardwareSnapshot['gaps']): readonly HardwareChange[] {
    if (gaps.some(({ path }) => INDISPENSABLE.has(path))) return [];
    // An observer gives the same list while all is as it was.
    if (devices === this.#last && devices.length > 0) return [];
    this.#last = devices;
    const views = devices.map(viewOf);
    const suspect = views.length === 0 && this.#known.size > 0 && !this.#wasEmpty;
    this.#wasEmpty = views.length === 0;
    if (suspect) return [];
    const before = this.#known;
    this.#known = new Map(views.map((view) => [view.id, { view, text: comparable(view) }]));
    const removed = [...before].filter(([id]) => !this.#known.has(id));
    return [
      ...removed.map(([, { view }]) => ({ kind: 'removed', device: view }) as const),
      ...[...this.#known.values()].flatMap((now) => this.#compare(before.get(now.view.id), now)),
    ];
  }

  #compare(before: Known | undefined, now: Known): readonly HardwareChange[] {
    if (before === undefined) return [{ kind: 'added', device: now.view }];
    if (before.text === now.text) return [];
    return [{ kind: 'changed', device: now.view, fields: fieldsOf(before.view, now.view) }];
  }
}

/** Reasons have numbers in them that move, such as failed commands; that they are others is seen by their kinds. */
const PROSE: ReadonlySet<string> = new Set<FieldChange['field']>(['notOfferableReason', 'healthReason']);

function comparable(view: DeviceView): string {
  return JSON.stringify(view, (key, value: unknown) => (PROSE.has(key) ? undefined : value));
}

function fieldsOf(before: DeviceView, after: DeviceView): readonly FieldChange[] {
  const { details: detailsBefore, ...mainBefore } = before;
  const { details: detailsAfter, ...mainAfter } = after;
  return [...differences(mainBefore, mainAfter), ...differences(detailsBefore, detailsAfter)] as readonly FieldChange[];
}

function differences<T extends object>(
  before: T,
  after: T,
): readonly { field: string; before: unknown; after: unknown }[] {
  return (Object.keys(after) as (keyof T & string)[])
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => ({ field, before: before[field], after: after[field] }));
}
