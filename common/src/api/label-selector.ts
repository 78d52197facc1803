/** Label selectors with the meaning of `metav1.LabelSelector`: every requirement must hold, and an empty one matches all. */
import { list, map, object, optional, required, shown, type Reader, type RuleInput } from './reader.ts';
import { oneOf } from './scalars.ts';

export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  /** Empty exactly for Exists and DoesNotExist. */
  readonly values: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelRequirement[];
}

/** Matches everything. */
export const EVERYTHING: LabelSelector = Object.freeze({
  matchLabels: Object.freeze({}),
  matchExpressions: Object.freeze([]),
});

const MAX_REQUIREMENTS = 16;
const MAX_VALUES = 32;
const MAX_PREFIX_LENGTH = 253;

/** Letters and digits at both ends, `-`, `_` and `.` between them, at most 63 characters. */
function isLabelWord(word: string): boolean {
  return word.length <= 63 && /^[A-Za-z0-9]+([-_.]+[A-Za-z0-9]+)*$/.test(word);
}

function isLabelKey(key: string): boolean {
  const [name = '', prefix, ...rest] = key.split('/').reverse();
  return rest.length === 0 && isLabelWord(name) && (prefix === undefined || isDnsPrefix(prefix));
}

function isDnsPrefix(prefix: string): boolean {
  return (
    prefix.length <= MAX_PREFIX_LENGTH && prefix.split('.').every((part) => /^[a-z0-9]+(-+[a-z0-9]+)*$/.test(part))
  );
}

const labelKey: Reader<string> = (value, at, report) => {
  if (typeof value === 'string' && isLabelKey(value)) return value;
  report(
    at,
    `${shown(value)} is not a label key; write up to 63 letters, digits, "-", "_" or ".", if need be after a DNS prefix and "/"`,
  );
  return undefined;
};

const labelValue: Reader<string> = (value, at, report) => {
  if (typeof value === 'string' && (value === '' || isLabelWord(value))) return value;
  report(
    at,
    `${shown(value)} is not a label value; write up to 63 letters, digits, "-", "_" or ".", in quotes if it looks like a number`,
  );
  return undefined;
};

const requirementShape = {
  key: required(labelKey),
  operator: required(oneOf('In', 'NotIn', 'Exists', 'DoesNotExist')),
  values: optional(list(labelValue, { maxItems: MAX_VALUES })),
} as const;

function valuesFitOperator({ fields, given, fault }: RuleInput<typeof requirementShape>): void {
  const { operator, values } = fields;
  if (operator === undefined || (given('values') && values === undefined)) return;
  const takesValues = operator === 'In' || operator === 'NotIn';
  const count = values?.length ?? 0;
  if (takesValues && count === 0) fault('values', `is empty; the operator ${operator} needs at least one value`);
  if (!takesValues && count > 0)
    fault('values', `has ${count} values; remove them, the operator ${operator} takes none`);
}

const selectorShape = {
  matchLabels: optional(map(labelValue, { maxEntries: MAX_REQUIREMENTS, checkKey: labelKey })),
  matchExpressions: optional(list(object(requirementShape, valuesFitOperator), { maxItems: MAX_REQUIREMENTS })),
} as const;

/** A selector that may be empty. */
export const labelSelector: Reader<LabelSelector> = (value, at, report) => {
  const read = object(selectorShape)(value, at, report);
  if (read === undefined) return undefined;
  const expressions = read.matchExpressions ?? [];
  return {
    matchLabels: read.matchLabels ?? {},
    matchExpressions: expressions.map(({ key, operator, values }) => ({ key, operator, values: values ?? [] })),
  };
};

/** A selector with at least one requirement: an empty one would put every pool into one tier. */
export const poolSelector: Reader<LabelSelector> = (value, at, report) => {
  const selector = labelSelector(value, at, report);
  if (selector === undefined || !selectsEverything(selector)) return selector;
  report(at, 'is empty and would match every pool; name at least one label');
  return undefined;
};

/** Whether it has no requirement at all, like EVERYTHING. */
export function selectsEverything(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels).length === 0 && selector.matchExpressions.length === 0;
}

/** As in Kubernetes, NotIn holds for an object without the label. */
export function matchesSelector(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => valueOf(key) === value) &&
    selector.matchExpressions.every((requirement) => meets(requirement, valueOf(requirement.key)))
  );
}

function meets({ operator, values }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
