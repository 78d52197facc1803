/**
 * Label selectors as `labelSelector=` carries them: a recursive-descent parser over the published grammar, which turns
 * the text into one predicate. `in` and `notin` are key words only where an operator may stand, so `in in (in)` is
 * valid. Messages are those of a current API server. Field selectors are in `selectors-field.ts`.
 */
import { ApiError } from './api-error.ts';
import { fieldOf, listOf } from './patch/json.ts';

export { parseFieldSelector } from './selectors-field.ts';

export type Labels = Readonly<Record<string, string>> | undefined;
type Requirement = (labels: NonNullable<Labels>) => boolean;

const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const NAME_RULE = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME}')`;
const VALUE_RULE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${NAME})?')`;
const SUBDOMAIN_RULE = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;

const matches = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text);

/** What is wrong with a label key (or any other qualified name), in the words of a real server; empty when valid. */
export function qualifiedNameProblems(key: string): string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [`a qualified name ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined) {
    if (prefix.length > 253) problems.push('prefix part must be no more than 253 characters');
    if (!matches(SUBDOMAIN, prefix)) problems.push(`prefix part ${SUBDOMAIN_RULE}`);
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push('name part must be no more than 63 characters');
  if (!matches(NAME, name)) problems.push(`name part ${NAME_RULE}`);
  return problems;
}

/** What is wrong with a label value, in the words of a real server; empty when valid. */
export function labelValueProblems(value: string): string[] {
  const problems = value.length > 63 ? ['must be no more than 63 characters'] : [];
  if (value !== '' && !matches(NAME, value)) problems.push(VALUE_RULE);
  return problems;
}

/** Parses a label selector; an empty one matches everything. Throws a 400 in the words of a real server. */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  const requirements = new LabelSelectorParser(text).parse();
  return (labels) => requirements.every((holds) => holds(labels ?? {}));
}

const OPERATORS = ['in', 'notin', '=', '==', '!=', '>', '<'];
const END = '';

class LabelSelectorParser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = text.match(/[^ \t\r\n=!(),<>]+|==|!=|[=!(),<>]/g) ?? [];
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    while (this.#peek() !== END) {
      const before = requirements.length === 0 ? "!, identifier, or 'end of string'" : "identifier after ','";
      if (this.#peek() !== '!' && !isIdentifier(this.#peek())) throw unexpected(this.#peek(), before);
      requirements.push(this.#requirement());
      const separator = this.#take();
      if (separator === END) break;
      if (separator !== ',') throw unexpected(separator, "',' or 'end of string'");
      if (this.#peek() === END) throw unexpected(END, "identifier after ','");
    }
    return requirements;
  }

  #requirement(): Requirement {
    const absent = this.#peek() === '!';
    if (absent) this.#take();
    const key = this.#take();
    if (!isIdentifier(key)) throw badRequirement(`found '${key}', expected: identifier`);
    const problems = qualifiedNameProblems(key);
    if (problems.length > 0) {
      throw badRequirement(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`);
    }
    if (absent) return (labels) => !Object.hasOwn(labels, key);
    if (this.#peek() === END || this.#peek() === ',') return (labels) => Object.hasOwn(labels, key);
    const operator = this.#take();
    if (!OPERATORS.includes(operator)) {
      throw badRequirement(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()];
    return requirementOf(key, operator, values);
  }

  /** The right side of `=`: an empty value is legal at the end or before a comma. */
  #value(): string {
    if (this.#peek() === END || this.#peek() === ',') return '';
    const value = this.#take();
    if (!isIdentifier(value)) throw badRequirement(`found '${value}', expected: identifier`);
    return value;
  }

  /** `(x,y)`; nothing between two commas or brackets is the empty value. */
  #values(): string[] {
    const open = this.#take();
    if (open !== '(') throw badRequirement(`found '${open}' expected: '('`);
    const values = new Set<string>();
    for (;;) {
      const first = this.#peek();
      if (first === ',' || first === ')') values.add('');
      else if (isIdentifier(first)) values.add(this.#take());
      else throw badRequirement(`found '${first}', expected: ',', ')' or identifier`);
      const after = this.#take();
      if (after === ')') return [...values].sort();
      if (after !== ',') throw badRequirement(`found '${after}', expected: ',' or ')'`);
    }
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? END;
  }

  #take(): string {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }
}

function requirementOf(key: string, operator: string, values: readonly string[]): Requirement {
  values.forEach((value, index) => {
    const problems = labelValueProblems(value);
    const at = `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}`;
    if (problems.length > 0) throw badRequirement(`${at}: ${problems.join('; ')}`);
  });
  if (operator === '>' || operator === '<') {
    const [value = ''] = values;
    const limit = integerOf(value);
    if (limit === undefined) {
      const why = "for 'Gt', 'Lt' operators, the value must be an integer";
      throw badRequirement(`values[0]: Invalid value: ${JSON.stringify(value)}: ${why}`);
    }
    return (labels) => {
      const actual = Object.hasOwn(labels, key) ? integerOf(labels[key] ?? '') : undefined;
      return actual !== undefined && (operator === '>' ? actual > limit : actual < limit);
    };
  }
  const negated = operator === '!=' || operator === 'notin';
  return (labels) => (Object.hasOwn(labels, key) && values.includes(labels[key] ?? '')) !== negated;
}

function integerOf(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

const isIdentifier = (token: string): boolean => /^[^=!(),<>]/.test(token);

const unexpected = (found: string, expected: string): ApiError =>
  ApiError.badRequest(`found '${found}', expected: ${expected}`);

const badRequirement = (why: string): ApiError => ApiError.badRequest(`unable to parse requirement: ${why}`);

/** A structured label selector, as objects carry it: matchLabels and matchExpressions, all of which must hold. */
export function matchesLabelSelector(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const byLabel = Object.entries(Object(fieldOf(selector, 'matchLabels')) as object);
  const expressions = listOf(fieldOf(selector, 'matchExpressions'));
  return (
    byLabel.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    expressions.every((expression) => {
      const key = String(fieldOf(expression, 'key'));
      const present = Object.hasOwn(labels, key);
      const listed = present && listOf(fieldOf(expression, 'values')).includes(labels[key]);
      const holds: Readonly<Record<string, boolean>> = {
        In: listed,
        NotIn: !listed,
        Exists: present,
        DoesNotExist: !present,
      };
      return holds[String(fieldOf(expression, 'operator'))] === true;
    })
  );
}
