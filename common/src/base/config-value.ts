/**
 * One parser per type of option, the same for flags, environment and file: each of them speaks text. Secrets never leave here
 * in a message.
 */
import type { OptionSpec, OptionValue } from './config-spec.ts';
import { toCoucheStorError } from './errors.ts';
import { quote } from './quote.ts';
import { parseByteSize, parseDurationMs } from './units.ts';

/** Returns the content of a text file or throws. */
export type ReadFile = (path: string) => string;

export type ParsedOption =
  { readonly kind: 'ok'; readonly value: OptionValue } | { readonly kind: 'refused'; readonly fault: string };

function acceptIf(accepted: boolean, value: OptionValue): ParsedOption {
  return accepted ? { kind: 'ok', value } : { kind: 'refused', fault: 'is not accepted' };
}

/** The value of the option that `text` stands for; a refusal says what is wrong as a phrase that follows the text. */
export function parseOption(option: OptionSpec, text: string, readFile: ReadFile): ParsedOption {
  switch (option.type) {
    case 'string':
      return acceptIf(
        within(text.length, option) && (option.pattern === undefined || text.search(option.pattern) >= 0),
        text,
      );
    case 'integer':
      return acceptIf(
        /^(0|-?[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(Number(text)) && within(Number(text), option),
        Number(text),
      );
    case 'boolean':
      return acceptIf(text === 'true' || text === 'false', text === 'true');
    case 'duration':
      return parseBounded(parseDurationMs, text, option);
    case 'size':
      return parseBounded(parseByteSize, text, option);
    case 'url':
      return acceptIf(
        startsOf(option).some((start) => text.startsWith(start)) && !/\s/.test(text) && URL.canParse(text),
        text,
      );
    case 'port':
      return acceptIf(/^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535, Number(text));
    case 'enum':
      return acceptIf(option.values.includes(text), text);
    case 'path':
      return acceptIf(isPath(text), text);
    case 'file-content':
      return isPath(text) ? readContent(option, text, readFile) : acceptIf(false, text);
  }
}

function within(
  value: number,
  { min = -Infinity, max = Infinity }: { readonly min?: number; readonly max?: number },
): boolean {
  return value >= min && value <= max;
}

function parseBounded(
  parse: (text: string) => number,
  text: string,
  { min, max }: { readonly min?: string; readonly max?: string },
): ParsedOption {
  let value: number;
  try {
    value = parse(text);
  } catch {
    return acceptIf(false, text);
  }
  return acceptIf(
    value >= (min === undefined ? 0 : parse(min)) && value <= (max === undefined ? Infinity : parse(max)),
    value,
  );
}

function isPath(text: string): boolean {
  return text !== '' && !text.includes('\0');
}

function readContent(option: OptionSpec, path: string, readFile: ReadFile): ParsedOption {
  try {
    return { kind: 'ok', value: readFile(path) };
  } catch (error) {
    // The reason repeats the path, and who mistakes the option for the secret itself has put the secret there.
    const reason = option.secret === true ? '' : ` (${toCoucheStorError(error).message})`;
    return { kind: 'refused', fault: `cannot be read${reason}` };
  }
}

/** The text in quotes for a message; secrets and the user in a URL are masked. */
export function displayValue(option: OptionSpec, text: string): string {
  if (option.secret === true) return '***';
  return quote(option.type === 'url' ? text.replace(/\/\/[^/]*@/, '//***@') : text);
}

/** What the option takes, as a phrase that follows "give". */
export function acceptedValues(option: OptionSpec): string {
  switch (option.type) {
    case 'string': {
      const shape = option.pattern === undefined ? '' : ` that matches ${option.pattern.source}`;
      const bounded = option.min !== undefined || option.max !== undefined;
      return `a text${shape}${bounded ? ` with a length${range(option)}` : ''}`;
    }
    case 'integer':
      return `an integer${range(option)}`;
    case 'boolean':
      return 'true or false';
    case 'duration':
      return `a duration such as 1h30m (units w, d, h, m, s, ms)${range(option)}`;
    case 'size':
      return `a size such as 10Gi${range(option)}`;
    case 'url':
      return `a URL that starts with ${startsOf(option).join(' or ')}`;
    case 'port':
      return 'a port from 0 to 65535 (0 takes any free one)';
    case 'enum':
      return `one of ${option.values.join(', ')}`;
    case 'path':
      return 'a path';
    case 'file-content':
      return 'the path of a readable file';
  }
}

function startsOf(option: { readonly protocols?: readonly string[] }): readonly string[] {
  return (option.protocols ?? ['http', 'https']).map((protocol) => `${protocol}://`);
}

/** " from 1 to 9", " of at least 1", " of at most 9" or nothing. */
function range({ min, max }: { readonly min?: string | number; readonly max?: string | number }): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
