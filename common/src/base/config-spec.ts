/**
 * What a process can be told: one declarative entry per option, from which parsing, the help text, the documentation and the
 * type of the configuration all follow. Every source speaks text, and each type has one parser for all sources.
 */
import { assertInvariant } from './errors.ts';

interface OptionBase {
  /** Kebab-case, without dashes; the key is the camelCase name in the file and in the result. */
  readonly flag: string;
  readonly env?: string;
  /** One sentence for the help text and the documentation. */
  readonly description: string;
  /** Without value and default the configuration is invalid. */
  readonly required?: boolean;
  /** Its value appears in no message. */
  readonly secret?: boolean;
}

/** Bounds are inclusive; those of a duration or size are written as such, and a string's count characters. */
export type OptionSpec = OptionBase &
  (
    | {
        readonly type: 'string';
        readonly default?: string;
        readonly min?: number;
        readonly max?: number;
        readonly pattern?: RegExp;
      }
    | { readonly type: 'integer'; readonly default?: number; readonly min?: number; readonly max?: number }
    | { readonly type: 'boolean'; readonly default?: boolean }
    | { readonly type: 'duration' | 'size'; readonly default?: string; readonly min?: string; readonly max?: string }
    | { readonly type: 'url'; readonly default?: string; readonly protocols?: readonly string[] }
    | { readonly type: 'port'; readonly default?: number }
    | { readonly type: 'enum'; readonly default?: string; readonly values: readonly string[] }
    | { readonly type: 'path' | 'file-content'; readonly default?: string }
  );

/** Keys are camelCase. Declare as `{ … } as const satisfies ConfigSpec`. */
export type ConfigSpec = Readonly<Record<string, OptionSpec>>;

type ValueOf<Option extends OptionSpec> = Option extends { readonly type: 'integer' | 'port' | 'duration' | 'size' }
  ? number
  : Option extends { readonly type: 'boolean' }
    ? boolean
    : Option extends { readonly type: 'enum'; readonly values: readonly (infer Value)[] }
      ? Value
      : string;

type AbsenceOf<Option extends OptionSpec> = Option extends
  { readonly default: string | number | boolean } | { readonly required: true }
  ? never
  : undefined;

/**
 * The typed result: durations in milliseconds, sizes in bytes, file-content the content of the named file, the rest as given.
 * An option that is neither required nor has a default may be undefined.
 */
export type ConfigOf<Spec extends ConfigSpec> = {
  readonly [Key in keyof Spec]: ValueOf<Spec[Key]> | AbsenceOf<Spec[Key]>;
};

export type OptionValue = string | number | boolean;

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const CAMEL_CASE = /^[a-z][a-zA-Z0-9]*$/;

/** Flags that every process has. */
export const RESERVED_FLAGS = ['config', 'help', 'version'] as const;

/** A spec is code: names that clash or are malformed are a bug. Thrown then: InvariantError. */
export function checkSpec(spec: ConfigSpec): void {
  const flags = new Set<string>(RESERVED_FLAGS);
  const variables = new Set<string>();
  for (const [key, option] of Object.entries(spec)) {
    assertInvariant(CAMEL_CASE.test(key), `the option key ${key} is camelCase`);
    assertInvariant(
      KEBAB_CASE.test(option.flag) && !option.flag.startsWith('no-'),
      `the flag ${option.flag} is kebab-case and positive`,
    );
    assertInvariant(!flags.has(option.flag), `the flag ${option.flag} exists once`);
    flags.add(option.flag);
    if (option.env === undefined) continue;
    assertInvariant(!variables.has(option.env), `the environment variable ${option.env} belongs to one option`);
    variables.add(option.env);
  }
}
