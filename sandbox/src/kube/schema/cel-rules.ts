/**
 * The `x-kubernetes-validations` of a schema: compiled against the types that the schema declares, and run at every
 * level of an object. Rules that name `oldSelf` are transition rules, and run where a value has an old one to compare to.
 */
import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { CelTypes, createCelEnvironment, type CelType } from './cel-types.ts';
import { childPath, duplicate, forbidden, indexPath, invalid, notSupported, required } from './field-error.ts';
import { isObject, own, type Schema, type ValidationRule } from './model.ts';
import { canonical, entryKey, partsOf, subschemas, type ValuePart } from './walk.ts';
import type { FieldError } from '../types.ts';

interface Program {
  run: ParseResult;
  usesOldSelf: boolean;
}

interface CompiledRule {
  source: ValidationRule;
  program: Program;
  message: Program | undefined;
}

type Place = Omit<ValuePart, 'key'> & { old: unknown };

/** The rules by the schema that they stand on; empty if there are none. */
export type CompiledRules = Map<Schema, { type: CelType; rules: readonly CompiledRule[] }>;

const REASONS: Record<string, (path: string, type: string, detail: string) => FieldError> = {
  FieldValueInvalid: invalid,
  FieldValueForbidden: (path, _, detail) => forbidden(path, detail),
  FieldValueRequired: (path, _, detail) => required(path, detail),
  FieldValueDuplicate: (path, type) => duplicate(path, type),
};
const FIELD_PATH = /^(\.[^.[\]]+|\['[^']+'\])*$/;

/** Compiles the rules of `root`; what does not compile is reported to `errors`. */
export function compileRules(root: Schema, rootPath: string, errors: FieldError[]): CompiledRules {
  const compiled: CompiledRules = new Map();
  const environment = createCelEnvironment();
  const types = new CelTypes(environment);
  /** `loose` is the innermost list above whose items have no identity, so that nothing below has an old value. */
  const visit = (schema: Schema, path: string, loose?: string): void => {
    const sources = schema['x-kubernetes-validations'] ?? [];
    const type = sources.length === 0 ? undefined : schema === root ? types.of(root, true) : types.of(schema);
    const rules = sources.flatMap((rule, index) => {
      const at = indexPath(childPath(path, 'x-kubernetes-validations'), index);
      return compileRule({ rule, environment, type, loose }, at, errors) ?? [];
    });
    if (type !== undefined) compiled.set(schema, { type, rules });
    const isLoose = schema.type === 'array' && schema['x-kubernetes-list-type'] !== 'map';
    for (const inner of subschemas(schema, path))
      visit(inner.schema, inner.path, loose ?? (isLoose ? path : undefined));
  };
  visit(root, rootPath);
  return compiled;
}

interface RuleInContext {
  rule: ValidationRule;
  environment: Environment;
  type: CelType | undefined;
  loose: string | undefined;
}

/** Undefined if there is something to report to `errors`. */
function compileRule(context: RuleInContext, path: string, errors: FieldError[]): CompiledRule | undefined {
  const { rule, loose } = context;
  const { reason = 'FieldValueInvalid', fieldPath = '', messageExpression } = rule;
  const at = (field: keyof ValidationRule): string => childPath(path, field);
  const before = errors.length;
  if (!Object.hasOwn(REASONS, reason)) errors.push(notSupported(at('reason'), reason, Object.keys(REASONS)));
  if (!FIELD_PATH.test(fieldPath)) errors.push(invalid(at('fieldPath'), fieldPath, 'fieldPath must be a valid path'));
  const program = compileExpression(context, rule.rule, 'bool');
  if (rule.rule.trim() === '') errors.push(required(at('rule'), 'rule is not specified'));
  else if (typeof program === 'string') errors.push(invalid(at('rule'), rule.rule, program));
  else if (program.usesOldSelf && loose !== undefined) {
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${loose}`;
    errors.push(invalid(at('rule'), rule.rule, why));
  }
  const message = messageExpression === undefined ? undefined : compileExpression(context, messageExpression, 'string');
  if (typeof message === 'string') errors.push(invalid(at('messageExpression'), messageExpression, message));
  if (errors.length > before || typeof program === 'string' || typeof message === 'string') return undefined;
  return { source: rule, program, message };
}

/** The program, or why there is none. A rule that compiles only with `oldSelf` declared is one that uses it. */
function compileExpression(context: RuleInContext, expression: string, wanted: 'bool' | 'string'): Program | string {
  const { environment, type } = context;
  if (type === undefined) return 'compilation failed: undeclared reference to self, whose schema declares nothing';
  const withSelf = environment.clone().registerVariable('self', type.name);
  const withBoth = withSelf.clone().registerVariable('oldSelf', type.name);
  let problem = '';
  for (const usesOldSelf of [false, true]) {
    try {
      const run = (usesOldSelf ? withBoth : withSelf).parse(expression);
      const { valid, type: result, error } = run.check();
      if (valid && (result === wanted || result === 'dyn')) return { run, usesOldSelf };
      if (valid) return `cel expression must evaluate to a ${wanted}`;
      problem = firstLine(error);
    } catch (error) {
      problem = firstLine(error);
    }
  }
  return `compilation failed: ERROR: ${problem}`;
}

/** Runs the rules on a part of an object and below it. Its old value is undefined where there is none to compare to. */
export function runRules(rules: CompiledRules, place: Place): FieldError[] {
  const { value, old, schema, path } = place;
  const oldOf = oldParts(schema, old);
  return [
    ...runOwnRules(rules, place),
    ...partsOf(value, schema, path).flatMap((inner) => runRules(rules, { ...inner, old: oldOf(inner) })),
  ];
}

/** Finds the old value of a part: among items, only those of associative lists keep their identity. */
function oldParts(schema: Schema, old: unknown): (part: ValuePart) => unknown {
  if (isObject(old)) return ({ key }) => own(old, String(key));
  const key = schema['x-kubernetes-list-type'] === 'map' ? entryKey(schema) : undefined;
  if (key === undefined || !Array.isArray(old)) return () => undefined;
  const byKey = new Map<string, unknown>(old.map((item) => [canonical(key(item)), item]));
  return ({ value }) => byKey.get(canonical(key(value)));
}

function runOwnRules(compiled: CompiledRules, { value, old, schema, path }: Place): FieldError[] {
  const { type, rules = [] } = compiled.get(schema) ?? {};
  if (type === undefined || value === null) return [];
  const hasOld = old !== undefined && old !== null;
  const given = { self: type.toCel(value), oldSelf: hasOld ? type.toCel(old) : undefined };
  const valueType = schema.type ?? '';
  return rules.flatMap(({ source, program, message }) => {
    if (program.usesOldSelf && !hasOld) return [];
    try {
      if (program.run(given) === true) return [];
    } catch (error) {
      return [invalid(path, valueType, `${firstLine(error)} evaluating rule: ${source.rule.trim()}`)];
    }
    const at = `${path}${(source.fieldPath ?? '').replaceAll("'", '')}`.replace(/^\./, '');
    const detail = computed(message, given) || (source.message ?? `failed rule: ${source.rule.trim()}`).trim();
    return [(REASONS[source.reason ?? ''] ?? invalid)(at, valueType, detail)];
  });
}

/** The library's message without the excerpt of the rule below it, in the words of cel-go where clients look for them. */
function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.replace(/^No such key: /, 'no such key: ');
}

/** A message that cannot be computed is empty, and gives way to the fixed one. */
function computed(message: Program | undefined, given: Record<string, unknown>): string {
  try {
    return String(message?.run(given) ?? '').trim();
  } catch {
    return '';
  }
}
