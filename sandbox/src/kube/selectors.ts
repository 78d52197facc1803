/**
 * Selectors as requests carry them (`labelSelector=`, `fieldSelector=`) and as objects do (`matchLabels`,
 * `matchExpressions`): each becomes one predicate. Accepted is what a real server accepts; mistakes are told in words of
 * our own.
 */
import { ApiError } from './api-error.ts';
import { fieldOf, listOf, textOf } from './patch/json.ts';
import type { KubeObject, ResourceType } from './types.ts';

export type Labels = Readonly<Record<string, string>> | undefined;

const NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const NAME_RULE =
  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const DNS_LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);

/** What is wrong with a label key (or any other qualified name); empty when valid. */
export function qualifiedNameProblems(key: string): string[] {
  const [, prefix, name = key] = /^([^/]*)\/(.*)$/s.exec(key) ?? [];
  const problems: string[] = [];
  if (prefix !== undefined && (prefix.length > 253 || !SUBDOMAIN.test(prefix))) {
    problems.push('prefix part must be a lowercase RFC 1123 subdomain of no more than 253 characters');
  }
  if (name.length > 63) problems.push('name part must be no more than 63 characters');
  if (!NAME.test(name)) problems.push(`name part must ${NAME_RULE}`);
  return problems;
}

/** What is wrong with a label value; empty when valid. */
export function labelValueProblems(value: string): string[] {
  const problems = value.length > 63 ? ['must be no more than 63 characters'] : [];
  if (value !== '' && !NAME.test(value)) problems.push(`a valid label must be an empty string or ${NAME_RULE}`);
  return problems;
}

interface Requirement {
  key: string;
  /** As text selectors or as structured ones spell it. */
  operator: string;
  values: readonly unknown[];
}

function meets({ key, operator, values }: Requirement, labels: NonNullable<Labels>): boolean {
  const value = fieldOf(labels, key);
  const isListed = value !== undefined && values.includes(value);
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case '=':
    case '==':
    case 'in':
    case 'In':
      return isListed;
    case '!=':
    case 'notin':
    case 'NotIn':
      return !isListed;
    case '>':
    case '<': {
      const [actual, limit] = [integerOf(value), integerOf(values[0])];
      return actual !== undefined && limit !== undefined && (operator === '>' ? actual > limit : actual < limit);
    }
    default:
      return false;
  }
}

const integerOf = (value: unknown): bigint | undefined =>
  typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;

/** `key`, `!key`, `key in (a, b)` or `key=a`, with space between the parts. */
const LABEL_TERM = /^\s*(!?)\s*([^\s=!<>(),]+)(?:\s+(in|notin)\s*\(([^()]*)\)|\s*(==?|!=|<|>)\s*([^\s=!<>(),]*))?\s*$/;

/** Parses a label selector; an empty one matches everything. Throws a 400. */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  // Commas inside brackets separate values, not terms.
  const terms = text.trim() === '' ? [] : text.split(/,(?![^(]*\))/);
  const requirements = terms.map(parseLabelTerm);
  return (labels) => requirements.every((requirement) => meets(requirement, labels ?? {}));
}

function parseLabelTerm(term: string): Requirement {
  const [found, negation, key = '', setOperator, list = '', operator = setOperator, value] =
    LABEL_TERM.exec(term) ?? [];
  if (found === undefined || (negation === '!' && operator !== undefined)) {
    throw badRequirement(`found '${term.trim()}', expected: key, !key, key=value, key in (value, value)`);
  }
  const values = value === undefined ? list.split(',').map((item) => item.trim()) : [value];
  const problems = [...qualifiedNameProblems(key), ...values.flatMap(labelValueProblems)];
  if (/^[<>]$/.test(operator ?? '') && integerOf(value) === undefined) problems.push('the value must be an integer');
  if (problems.length > 0) throw badRequirement(`'${term.trim()}': ${problems.join('; ')}`);
  return { key, operator: operator ?? (negation === '!' ? 'DoesNotExist' : 'Exists'), values };
}

const badRequirement = (why: string): ApiError => ApiError.badRequest(`unable to parse requirement: ${why}`);

/** A structured label selector, as objects carry it: matchLabels and matchExpressions, all of which must hold. */
export function matchesLabelSelector(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const byLabel = Object.entries(Object(fieldOf(selector, 'matchLabels')) as object);
  const requirements = [
    ...byLabel.map(([key, value]) => ({ key, operator: 'In', values: [value as unknown] })),
    ...listOf(fieldOf(selector, 'matchExpressions')).map((expression) => ({
      key: textOf(expression, 'key'),
      operator: textOf(expression, 'operator'),
      values: listOf(fieldOf(expression, 'values')),
    })),
  ];
  return requirements.every((requirement) => meets(requirement, labels));
}

/**
 * Parses a field selector for objects of `type`; an empty one matches everything, and a missing field compares as the
 * empty string. Throws a 400 for malformed text and for fields that the type does not offer.
 */
export function parseFieldSelector(text: string, type: ResourceType): (object: KubeObject) => boolean {
  const own = type.selectableFields.map((path) => path.replace(/^\./, ''));
  const offered = ['metadata.name', 'metadata.namespace', ...own];
  // A backslash hides the comma, equals sign or backslash after it.
  const terms = (text.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? []).map((term) => {
    const [, field = '', operator, value = ''] = /^([^!=]*)(!=|==?)((?:\\[\\,=]|[^\\,=])*)$/s.exec(term) ?? [];
    if (operator === undefined) {
      throw ApiError.badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    }
    if (!offered.includes(field)) throw ApiError.badRequest(`field label not supported: ${field}`);
    return { path: field.split('.'), value: value.replace(/\\(.)/gs, '$1'), isEqual: operator !== '!=' };
  });
  return (object) =>
    terms.every(({ path, value, isEqual }) => {
      const found = path.reduce<unknown>(fieldOf, object);
      const text = ['string', 'number', 'boolean'].includes(typeof found) ? `${found as string | number}` : '';
      return (text === value) === isEqual;
    });
}
