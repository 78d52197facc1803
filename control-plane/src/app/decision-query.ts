/** The query of `GET /api/v1/decisions`, read strictly: a filter that is ignored would look like one that matches everything. */
import { DECISION_CODES, type DecisionCode, type DecisionOutcome } from '../model/decision.ts';
import type { BoardFilter } from '../model/decision-board.ts';
import { badField } from './problem.ts';

export interface DecisionQuery {
  readonly filter: BoardFilter;
  readonly limit: number;
  /** The name of the volume to go on after. */
  readonly after: string | undefined;
}

const FIELDS = ['policy', 'outcome', 'code', 'namespace', 'claim', 'limit', 'continue'] as const;
const OUTCOMES: readonly DecisionOutcome[] = ['Move', 'Wait', 'Blocked', 'Stay'];
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** The longest name of a Kubernetes object. */
const MAX_TEXT = 253;

/** Thrown when a parameter is unknown, repeated or malformed: CoucheStorError `invalid`, with `field` and `remedy`. */
export function parseDecisionQuery(query: Readonly<Record<string, unknown>>): DecisionQuery {
  const unknown = Object.keys(query).find((name) => !FIELDS.some((field) => field === name));
  if (unknown !== undefined) {
    throw badField(unknown.slice(0, MAX_TEXT), 'is not a parameter', `use ${FIELDS.join(', ')}`);
  }
  const text = (field: (typeof FIELDS)[number]): string | undefined => {
    const value = query[field];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT * 2) {
      throw badField(field, 'is not one short text', 'give it once, with a value');
    }
    return value;
  };
  const policy = text('policy');
  const outcome = oneOf('outcome', text('outcome'), OUTCOMES);
  const code = oneOf('code', text('code'), Object.keys(DECISION_CODES) as readonly DecisionCode[]);
  const namespace = text('namespace');
  const claim = text('claim');
  return {
    filter: {
      ...(policy === undefined ? {} : { policy }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(code === undefined ? {} : { code }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(claim === undefined ? {} : { claim }),
    },
    limit: parseLimit(text('limit')),
    after: parseContinue(text('continue')),
  };
}

/** What `continue` has to say for the page after the volume of this name. */
export function continueToken(after: string): string {
  return Buffer.from(JSON.stringify({ after })).toString('base64url');
}

function parseContinue(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  try {
    const read: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    const after: unknown = typeof read === 'object' && read !== null ? Reflect.get(read, 'after') : undefined;
    if (typeof after === 'string') return after;
  } catch {
    // Said below, as for any other text that is no token.
  }
  throw badField('continue', 'is not a token of this API', 'give the value of continue of the page before');
}

function parseLimit(text: string | undefined): number {
  const limit = Number(text ?? DEFAULT_LIMIT);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT && /^\d*$/.test(text ?? '')) return limit;
  throw badField('limit', 'is not a number of entries', `give an integer from 1 to ${MAX_LIMIT}`);
}

function oneOf<T extends string>(field: string, text: string | undefined, choices: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw badField(field, `has no value "${text}"`, `use one of ${choices.join(', ')}`);
  return found;
}
