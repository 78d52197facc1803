/**
 * What the owner of a claim wishes for its volume, from the claim's annotations. A wish that cannot be understood, or that
 * contradicts another, is never guessed at: the volume stays where it is until the annotation is mended or its time is over.
 */
import {
  MAXIMUM_TIER_ANNOTATION,
  MINIMUM_TIER_ANNOTATION,
  OPT_OUT_ANNOTATION,
  PIN_ANNOTATION,
  UNTIL_ANNOTATION,
  type Tier,
} from '@couchestor/common/api';
import type { VolumeWishes } from '../model/decision.ts';
import { TIER_RANK } from './tier-rank.ts';

type Annotations = Readonly<Record<string, string>>;
type Report = (annotation: string, fault: string) => void;

const TIERS: ReadonlyMap<string, Tier> = new Map([
  ['hot', 'Hot'],
  ['warm', 'Warm'],
  ['cold', 'Cold'],
]);
const TRUTH_VALUES: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

const NO_WISHES: VolumeWishes = Object.freeze({
  kind: 'valid',
  optOut: false,
  pin: undefined,
  minimumTier: undefined,
  maximumTier: undefined,
  untilMs: undefined,
});

export interface WishContext {
  /** Whether the policy has warm pools, without which nothing can be wished to be Warm. */
  readonly hasWarmTier: boolean;
  /** Wall time: wishes hold before `until`, and not at it. */
  readonly nowMs: number;
}

/** Annotations of other names are not looked at. */
export function wishesOf(annotations: Annotations, { hasWarmTier, nowMs }: WishContext): VolumeWishes {
  const faults: Pick<Extract<VolumeWishes, { kind: 'invalid' }>, 'annotation' | 'message'>[] = [];
  const report: Report = (annotation, fault) => {
    faults.push({ annotation, message: `the claim's annotation ${annotation} ${fault}` });
  };
  const untilMs = readUntil(annotations, report);
  if (untilMs !== undefined && untilMs <= nowMs) return NO_WISHES;
  const optOut = read(annotations, OPT_OUT_ANNOTATION, TRUTH_VALUES, report) ?? false;
  const pin = readTier(annotations, PIN_ANNOTATION, hasWarmTier, report);
  const minimumTier = readTier(annotations, MINIMUM_TIER_ANNOTATION, hasWarmTier, report);
  const maximumTier = readTier(annotations, MAXIMUM_TIER_ANNOTATION, hasWarmTier, report);
  reportContradiction({ pin, minimumTier, maximumTier }, report);
  const [fault] = faults;
  if (fault !== undefined) return { kind: 'invalid', ...fault, untilMs };
  return { kind: 'valid', optOut, pin, minimumTier, maximumTier, untilMs };
}

function reportContradiction(
  { pin, minimumTier, maximumTier }: Readonly<Record<'pin' | 'minimumTier' | 'maximumTier', Tier | undefined>>,
  report: Report,
): void {
  if (isAbove(minimumTier, maximumTier)) {
    report(
      MINIMUM_TIER_ANNOTATION,
      `asks for at least ${minimumTier ?? ''} and ${MAXIMUM_TIER_ANNOTATION} for at most ${maximumTier ?? ''}; lower the minimum, raise the maximum or remove one of them`,
    );
  } else if (isAbove(minimumTier, pin)) {
    report(
      PIN_ANNOTATION,
      `asks for ${pin ?? ''} and ${MINIMUM_TIER_ANNOTATION} for at least ${minimumTier ?? ''}; remove one of them`,
    );
  } else if (isAbove(pin, maximumTier)) {
    report(
      PIN_ANNOTATION,
      `asks for ${pin ?? ''} and ${MAXIMUM_TIER_ANNOTATION} for at most ${maximumTier ?? ''}; remove one of them`,
    );
  }
}

function isAbove(a: Tier | undefined, b: Tier | undefined): boolean {
  return a !== undefined && b !== undefined && TIER_RANK[a] > TIER_RANK[b];
}

function readTier(
  annotations: Annotations,
  annotation: string,
  hasWarmTier: boolean,
  report: Report,
): Tier | undefined {
  const tier = read(annotations, annotation, TIERS, report);
  if (tier !== 'Warm' || hasWarmTier) return tier;
  report(
    annotation,
    'asks for warm and the policy has no warm pools; write hot or cold, or give the policy a warmPoolSelector',
  );
  return undefined;
}

/** Undefined when it is not there, and when it is none of the choices, which is reported. */
function read<Value>(
  annotations: Annotations,
  annotation: string,
  choices: ReadonlyMap<string, Value>,
  report: Report,
): Value | undefined {
  if (!Object.hasOwn(annotations, annotation)) return undefined;
  const text = annotations[annotation] ?? '';
  const value = choices.get(text);
  if (value === undefined) report(annotation, `is ${shown(text)}; write ${[...choices.keys()].join(' or ')}`);
  return value;
}

function readUntil(annotations: Annotations, report: Report): number | undefined {
  if (!Object.hasOwn(annotations, UNTIL_ANNOTATION)) return undefined;
  const text = annotations[UNTIL_ANNOTATION] ?? '';
  const untilMs = parseTime(text);
  if (untilMs === undefined) {
    report(UNTIL_ANNOTATION, `is ${shown(text)}; write a time with its offset, such as 2026-02-17T09:30:00Z`);
  }
  return untilMs;
}

const RFC_3339 =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** RFC 3339, upper case and without leap seconds. */
function parseTime(text: string): number | undefined {
  const [, day] = RFC_3339.exec(text) ?? [];
  if (day === undefined) return undefined;
  const midnight = new Date(`${day}T00:00:00Z`);
  // A day that does not exist, such as 30 February, would come back as another.
  const exists = !Number.isNaN(midnight.valueOf()) && midnight.toISOString().startsWith(day);
  return exists ? Date.parse(text) : undefined;
}

const MAX_SHOWN_LENGTH = 40;

function shown(text: string): string {
  const start = Array.from(text.slice(0, 2 * MAX_SHOWN_LENGTH))
    .slice(0, MAX_SHOWN_LENGTH)
    .join('');
  return JSON.stringify(start.length < text.length ? `${start}…` : text);
}
