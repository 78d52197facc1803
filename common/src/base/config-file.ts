/** A YAML file as a source of configuration: one mapping of keys to single values. */
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Node, Pair } from 'yaml';
import { EMPTY_SOURCE } from './config-source.ts';
import type { Given, SourceReading } from './config-source.ts';
import type { ConfigSpec } from './config-spec.ts';
import type { ReadFile } from './config-value.ts';
import { toCoucheStorError } from './errors.ts';
import { quote } from './quote.ts';
import { closest } from './suggest.ts';

/** Values are taken as they are written, so that 007 is not read as 7 nor `yes` as true. */
export function readConfigFile(spec: ConfigSpec, path: string, readFile: ReadFile): SourceReading {
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    const reason = toCoucheStorError(error).message;
    return unreadable([
      `flag --config: ${quote(path)} cannot be read (${reason}); give the path of a readable YAML file.`,
    ]);
  }
  const lines = new LineCounter();
  // Pretty errors quote the line at fault, which may hold a secret.
  const document = parseDocument(content, { schema: 'failsafe', prettyErrors: false, lineCounter: lines });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return unreadable(
      faults.map(
        ({ code, pos }) => `file ${quote(path)}: line ${lines.linePos(pos[0]).line} is not plain YAML (${code}).`,
      ),
    );
  }
  if (isEmpty(document.contents)) return EMPTY_SOURCE;
  if (!isMap<Node, Node | null>(document.contents)) {
    return unreadable([`file ${quote(path)}: is not a mapping; write one "key: value" a line.`]);
  }
  const given = new Map<string, Given>();
  const problems: string[] = [];
  for (const pair of document.contents.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    const outcome = readPair(spec, key, pair.value);
    const source = `file key ${Object.hasOwn(spec, key) ? key : quote(key)}`;
    if (outcome.kind === 'text') given.set(key, { source, text: outcome.text });
    else problems.push(`${source}: ${outcome.problem}`);
  }
  return { given, problems, readable: true };
}

type PairOutcome =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'problem'; readonly problem: string };

function readPair(spec: ConfigSpec, key: string, value: Pair<Node, Node | null>['value']): PairOutcome {
  if (!Object.hasOwn(spec, key)) {
    const suggestion = closest(key, Object.keys(spec));
    return {
      kind: 'problem',
      problem: `does not exist; ${suggestion === undefined ? 'see --help.' : `did you mean ${suggestion}?`}`,
    };
  }
  if (isEmpty(value)) {
    return { kind: 'problem', problem: 'has no value; write one or remove the key.' };
  }
  if (!isScalar(value) || typeof value.value !== 'string') {
    return { kind: 'problem', problem: `is not a single value; write "${key}: value".` };
  }
  return { kind: 'text', text: value.value };
}

/** Nothing written at all, unlike "". */
function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === '' && node.type === 'PLAIN');
}

function unreadable(problems: readonly string[]): SourceReading {
  return { ...EMPTY_SOURCE, problems, readable: false };
}
