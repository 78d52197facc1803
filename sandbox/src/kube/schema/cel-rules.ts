/**
 * The `x-kubernetes-validations` of a schema: compiled against the types that the schema declares, and run at every
 * level of an object. Rules that name `oldSelf` are transition rules, and run where a value has an old one to compare to.
 */
import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { Optional } from '@marcbachmann/cel-js';
import { createCelEnvironment } from './cel-library.ts';
import { CelTypes, type CelType } from './cel-types.ts';
import { childPath, duplicate, forbidden, indexPath, invalid, keyPath, notSupported, required } from './field-error.ts';
import { additionalSchema, isObject, own, type Schema, type ValidationRule } from './model.ts';
import { canonical, entryKey } from './object-rules.ts';
import type { FieldError } from '../types.ts';

interface CompiledRule {
  source: ValidationRule;
  program: ParseResult;
  message: ParseResult | undefined;
  usesOldSelf: boolean;
  /** Turns the path of `self` into the path that is reported. */
  pathFrom: (path: string) => string;
}

/** The rules at one place of a schema and below it; absent where there are none. */
export interface RuleNode {
  schema: Schema;
  type: CelType | undefined;
  rules: CompiledRule[];
  properties: Map<string, RuleNode>;
  additional: RuleNode | undefined;
  items: RuleNode | undefined;
}

const REASONS = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'];
const MAX_MESSAGE_CHARS = 5_120;
const BROKEN_LINE = /[\n\r]/;

interface Place {
  path: string;
  resource: boolean;
  /** The innermost list above whose items have no identity, so that nothing below has an old value. */
  uncorrelatable: string | undefined;
}

/** The compiled rules of `schema`, or undefined if it has none; what does not compile is reported to `errors`. */
export function compileRules(schema: Schema, path: string, errors: FieldError[]): RuleNode | undefined {
  if (!hasRules(schema)) return undefined;
  const environment = createCelEnvironment();
  const types = new CelTypes(environment);
  types.of(schema, true);
  return compileNode(schema, { path, resource: true, uncorrelatable: undefined });

  function compileNode(node: Schema, place: Place): RuleNode | undefined {
    if (!hasRules(node)) return undefined;
    const type = types.of(node, place.resource);
    const below = (child: Schema, childAt: string, uncorrelatable = place.uncorrelatable): RuleNode | undefined =>
      compileNode(child, { path: childAt, uncorrelatable, resource: child['x-kubernetes-embedded-resource'] === true });
    const properties = new Map<string, RuleNode>();
    const rules = (node['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
      const at = indexPath(childPath(place.path, 'x-kubernetes-validations'), index);
      const compiled = compileRule({ rule, environment, type, schema: node }, at, place.uncorrelatable);
      if (!Array.isArray(compiled)) return [compiled];
      errors.push(...compiled);
      return [];
    });
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      const child = below(property, keyPath(childPath(place.path, 'properties'), name));
      if (child !== undefined) properties.set(name, child);
    }
    const values = additionalSchema(node);
    const loose = node['x-kubernetes-list-type'] === 'map' ? undefined : place.path;
    return {
      schema: node,
      type,
      rules,
      properties,
      additional: values === undefined ? undefined : below(values, childPath(place.path, 'additionalProperties')),
      items:
        node.items === undefined
          ? undefined
          : below(node.items, childPath(place.path, 'items'), place.uncorrelatable ?? loose),
    };
  }
}

function hasRules(schema: Schema): boolean {
  const children = [...Object.values(schema.properties ?? {}), schema.items, additionalSchema(schema)];
  return (
    (schema['x-kubernetes-validations']?.length ?? 0) > 0 ||
    children.some((child) => child !== undefined && hasRules(child))
  );
}

function compileRule(
  given: { rule: ValidationRule; environment: Environment; type: CelType | undefined; schema: Schema },
  path: string,
  uncorrelatable: string | undefined,
): CompiledRule | FieldError[] {
  const { rule, schema } = given;
  const errors: FieldError[] = [];
  const rulePath = childPath(path, 'rule');
  if (rule.rule.trim() === '') return [required(rulePath, 'rule is not specified')];
  if (rule.message !== undefined && BROKEN_LINE.test(rule.message.trim())) {
    errors.push(invalid(childPath(path, 'message'), rule.message, 'message must not contain line breaks'));
  }
  if (BROKEN_LINE.test(rule.rule.trim()) && (rule.message ?? '') === '') {
    errors.push(required(childPath(path, 'message'), 'message must be specified if rule contains line breaks'));
  }
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) {
    errors.push(notSupported(childPath(path, 'reason'), rule.reason, REASONS));
  }
  const pathFrom = resolveFieldPath(rule.fieldPath ?? '', schema);
  if (pathFrom === undefined) {
    errors.push(invalid(childPath(path, 'fieldPath'), rule.fieldPath, 'fieldPath must be a valid path'));
  }
  const program = compileExpression(given, rule.rule, 'bool');
  if (typeof program === 'string') errors.push(invalid(rulePath, rule.rule, program));
  const message =
    rule.messageExpression === undefined ? undefined : compileExpression(given, rule.messageExpression, 'string');
  if (typeof message === 'string') {
    const why = `messageExpression ${message}`;
    errors.push(invalid(childPath(path, 'messageExpression'), rule.messageExpression, why));
  }
  if (typeof program === 'string' || typeof message === 'string' || pathFrom === undefined) return errors;
  if (program.usesOldSelf && uncorrelatable !== undefined) {
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
    errors.push(invalid(rulePath, rule.rule, why));
  }
  if (!program.usesOldSelf && rule.optionalOldSelf !== undefined) {
    const why = 'may not be set if oldSelf is not used in rule';
    errors.push(invalid(childPath(path, 'optionalOldSelf'), rule.optionalOldSelf, why));
  }
  if (errors.length > 0) return errors;
  return { source: rule, program: program.run, message: message?.run, usesOldSelf: program.usesOldSelf, pathFrom };
}

/** The program, or why there is none. A rule that compiles only with `oldSelf` declared is one that uses it. */
function compileExpression(
  given: { rule: ValidationRule; environment: Environment; type: CelType | undefined },
  expression: string,
  wanted: 'bool' | 'string',
): { run: ParseResult; usesOldSelf: boolean } | string {
  const { environment, type, rule } = given;
  if (type === undefined) return 'compilation failed: undeclared reference to self, whose schema declares nothing';
  const oldType = rule.optionalOldSelf === true ? `optional<${type.name}>` : type.name;
  const withSelf = environment.clone().registerVariable('self', type.name);
  const attempts = [withSelf, withSelf.clone().registerVariable('oldSelf', oldType)];
  let problem = '';
  for (const [index, attempt] of attempts.entries()) {
    try {
      const run = attempt.parse(expression);
      const checked = run.check();
      if (checked.valid) {
        if (checked.type === wanted || checked.type === 'dyn') return { run, usesOldSelf: index === 1 };
        return `cel expression must evaluate to a ${wanted}`;
      }
      problem = checked.error?.message ?? 'unknown error';
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  return `compilation failed: ERROR: ${problem.split('\n')[0] ?? ''}`;
}

/** `.spec['a.b'].c` as a function on paths, if it names a place that the schema has. */
function resolveFieldPath(fieldPath: string, schema: Schema): ((path: string) => string) | undefined {
  const steps: ((path: string) => string)[] = [];
  let rest = fieldPath;
  let at = schema;
  while (rest !== '') {
    const match = /^(?:\.([^.[\]]+)|\['([^']+)'\])/.exec(rest);
    const name = match?.[1] ?? match?.[2];
    if (match === null || name === undefined) return undefined;
    const property: Schema | undefined = own(at.properties, name);
    steps.push(property === undefined ? (path) => keyPath(path, name) : (path) => childPath(path, name));
    const next: Schema | undefined = property ?? additionalSchema(at);
    if (next === undefined) return undefined;
    at = next;
    rest = rest.slice(match[0].length);
  }
  return (path) => steps.reduce((result, step) => step(result), path);
}

/** Runs the rules of `node` on `value`, then those below. `old` is undefined where there is nothing to compare to. */
export function runRules(node: RuleNode, value: unknown, old: unknown, path: string): FieldError[] {
  const errors = runOwnRules(node, value, old, path);
  const below = (child: RuleNode | undefined, item: unknown, oldItem: unknown, at: string): FieldError[] =>
    child === undefined ? [] : runRules(child, item, oldItem, at);
  if (Array.isArray(value)) {
    const oldOf = oldItems(node.schema, old);
    errors.push(...value.flatMap((item, index) => below(node.items, item, oldOf(item), indexPath(path, index))));
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const oldItem = isObject(old) ? own(old, key) : undefined;
      errors.push(...below(node.properties.get(key), item, oldItem, childPath(path, key)));
      if (node.properties.has(key)) continue;
      errors.push(...below(node.additional, item, oldItem, keyPath(path, key)));
    }
  }
  return errors;
}

/** Finds the old value of an item: only associative lists have items that keep their identity. */
function oldItems(schema: Schema, old: unknown): (item: unknown) => unknown {
  const key = schema['x-kubernetes-list-type'] === 'map' ? entryKey(schema) : undefined;
  if (key === undefined || !Array.isArray(old)) return () => undefined;
  const byKey = new Map<string, unknown>(old.map((item) => [canonical(key(item)), item]));
  return (item) => byKey.get(canonical(key(item)));
}

function runOwnRules(node: RuleNode, value: unknown, old: unknown, path: string): FieldError[] {
  const { type } = node;
  if (node.rules.length === 0 || type === undefined || value === undefined || value === null) return [];
  const self = type.toCel(value);
  const hasOld = old !== undefined && old !== null;
  const oldSelf = hasOld ? type.toCel(old) : undefined;
  const valueType = node.schema.type ?? '';
  return node.rules.flatMap((rule) => {
    const optional = rule.source.optionalOldSelf === true;
    if (rule.usesOldSelf && !hasOld && !optional) return [];
    const given = { self, oldSelf: optional ? optionalOf(oldSelf) : oldSelf };
    try {
      if (rule.program(given) === true) return [];
    } catch (error) {
      return [invalid(path, valueType, `${causeOf(error)} evaluating rule: ${ruleText(rule.source)}`)];
    }
    const at = rule.pathFrom(path);
    const detail = messageOf(rule, given);
    switch (rule.source.reason) {
      case 'FieldValueForbidden':
        return [forbidden(at, detail)];
      case 'FieldValueRequired':
        return [required(at, detail)];
      case 'FieldValueDuplicate':
        return [duplicate(at, valueType)];
      default:
        return [invalid(at, valueType, detail)];
    }
  });
}

function optionalOf(value: unknown): Optional {
  return value === undefined ? Optional.none() : Optional.of(value);
}

/** The library's message without the excerpt of the rule below it, in the words of cel-go where they differ. */
function causeOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.replace(/^No such key: (?!index)/, 'no such key: ').replace(/^No such key: (?=index)/, '');
}

function ruleText(rule: ValidationRule): string {
  const message = rule.message?.trim() ?? '';
  return message === '' ? rule.rule.trim() : message;
}

function messageOf(rule: CompiledRule, given: Record<string, unknown>): string {
  try {
    const text: unknown = rule.message?.(given);
    const trimmed = typeof text === 'string' ? text.trim() : '';
    if (trimmed !== '' && trimmed.length <= MAX_MESSAGE_CHARS && !BROKEN_LINE.test(trimmed)) return trimmed;
  } catch {
    // A message that cannot be computed gives way to the fixed one.
  }
  const message = rule.source.message?.trim() ?? '';
  return message === '' ? `failed rule: ${ruleText(rule.source)}` : message;
}
