/** The options of a process for people: the text of `--help`, and rows for the documentation and for checks. */
import type { ConfigSpec, OptionSpec } from './config-spec.ts';

export interface OptionDescription {
  /** Without dashes. */
  readonly flag: string;
  readonly env: string | undefined;
  readonly key: string;
  /** As it would be written. */
  readonly default: string | undefined;
  readonly description: string;
}

/** One row per option, in the order of the spec. */
export function describeOptions(spec: ConfigSpec): OptionDescription[] {
  return Object.entries(spec).map(([key, { flag, env, default: value, description }]) => ({
    flag,
    env,
    key,
    default: value === undefined ? undefined : String(value),
    description,
  }));
}

/** Ends with a line break. Two lines an option: the second, for what there is to say, has default and environment. */
export function renderHelp(spec: ConfigSpec, usage = 'Options:'): string {
  const rows = [
    ...Object.values(spec).map((option): [string, string, string] => [
      synopsis(option),
      option.description,
      remarks(option),
    ]),
    ['--config FILE', 'YAML file of options, by their camelCase names; flags and environment win over it.', ''],
    ['-h, --help', 'Print this text.', ''],
    ['--version', 'Print the version.', ''],
  ] as const;
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.flatMap(([left, description, remark]) => [
    `  ${left.padEnd(width)}  ${description}`,
    ...(remark === '' ? [] : [`  ${' '.repeat(width)}  ${remark}`]),
  ]);
  return [usage, '', ...lines, ''].join('\n');
}

function synopsis(option: OptionSpec): string {
  return option.type === 'boolean' ? `--[no-]${option.flag}` : `--${option.flag} ${placeholder(option)}`;
}

function placeholder(option: Exclude<OptionSpec, { readonly type: 'boolean' }>): string {
  switch (option.type) {
    case 'enum':
      return option.values.join('|');
    case 'integer':
      return 'NUMBER';
    case 'string':
      return 'TEXT';
    case 'file-content':
      return 'FILE';
    default:
      return option.type.toUpperCase();
  }
}

function remarks(option: OptionSpec): string {
  const value =
    option.required === true ? 'required' : option.default === undefined ? '' : `default ${String(option.default)}`;
  const env = option.env === undefined ? '' : `environment ${option.env}`;
  const parts = [value, env].filter((part) => part !== '');
  return parts.length === 0 ? '' : `(${parts.join(', ')})`;
}
