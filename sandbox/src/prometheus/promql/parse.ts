/** A recursive-descent parser for the expressions in `ast.ts`, with the precedence and associativity of PromQL. */
import { parseDurationMs } from '@couchestor/common/base';
import type { ArithmeticOperator, Expression, Matcher, MatchOperator, Selector } from './ast.ts';

/** What Prometheus answers with status 400 and errorType bad_data. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError';
}

const TOKEN =
  /\s*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|(\d+[a-z][a-z0-9]*|\d+(?:\.\d+)?)|("(?:[^"\\]|\\.)*")|(=~|!~|!=|[-+*/(){}[\],=]))/y;
const MAX_LENGTH = 64 * 1024;
const MAX_DEPTH = 50;

function tokensOf(text: string): string[] {
  if (text.length > MAX_LENGTH) throw new PromqlError('the expression is too long');
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[0].trim();
    if (token === undefined)
      throw new PromqlError(`unexpected character at ${at}: ${JSON.stringify(text.slice(at, at + 10))}`);
    tokens.push(token);
  }
  return tokens;
}

/** Thrown for anything else than an expression of `ast.ts`: PromqlError. */
export function parsePromql(text: string): Expression {
  const parser = new Parser(tokensOf(text));
  const expression = parser.sum();
  parser.end();
  return expression;
}

class Parser {
  readonly #tokens: readonly string[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw new PromqlError(`unexpected ${this.#peek()}`);
  }

  sum(): Expression {
    return this.#chain(['+', '-'], () => this.#product());
  }

  #product(): Expression {
    return this.#chain(['*', '/'], () => this.#operand());
  }

  #chain(operators: readonly ArithmeticOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((one) => one === this.#peek());
      if (operator === undefined) return left;
      this.#next += 1;
      left = { kind: 'arithmetic', operator, left, right: operand() };
    }
  }

  #operand(): Expression {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new PromqlError('the expression is nested too deeply');
    try {
      return this.#operandAtDepth();
    } finally {
      this.#depth -= 1;
    }
  }

  #operandAtDepth(): Expression {
    const token = this.#take();
    if (token === '(') {
      const inner = this.sum();
      this.#expect(')');
      return inner;
    }
    if (/^\d/.test(token)) {
      const value = Number(token);
      if (!Number.isFinite(value)) throw new PromqlError(`bad number ${token}`);
      return { kind: 'number', value };
    }
    if (!/^[a-zA-Z_:]/.test(token)) throw new PromqlError(`unexpected ${token}`);
    if (token === 'sum' || token === 'count') return this.#aggregation(token);
    if (token === 'rate') return this.#rate();
    if (this.#peek() === '(') throw new PromqlError(`the function ${token} is not part of this stand-in`);
    return this.#selector(token);
  }

  #aggregation(operator: 'sum' | 'count'): Expression {
    const leading = this.#by();
    this.#expect('(');
    const operand = this.sum();
    this.#expect(')');
    return { kind: 'aggregation', operator, by: leading ?? this.#by() ?? [], operand };
  }

  #by(): string[] | undefined {
    if (this.#peek() !== 'by') return undefined;
    this.#next += 1;
    this.#expect('(');
    const labels: string[] = [];
    while (this.#peek() !== ')') {
      labels.push(this.#take());
      if (this.#peek() !== ')') this.#expect(',');
    }
    this.#expect(')');
    return labels;
  }

  #rate(): Expression {
    this.#expect('(');
    const selector = this.#selector(this.#take());
    this.#expect('[');
    const rangeMs = durationOf(this.#take());
    this.#expect(']');
    this.#expect(')');
    return { kind: 'rate', selector, rangeMs };
  }

  #selector(name: string): Selector {
    const matchers: Matcher[] = [];
    if (this.#peek() === '{') {
      this.#next += 1;
      while (this.#peek() !== '}') {
        matchers.push(this.#matcher());
        if (this.#peek() !== '}') this.#expect(',');
      }
      this.#expect('}');
    }
    return { kind: 'selector', name, matchers };
  }

  #matcher(): Matcher {
    const label = this.#take();
    const operator = this.#take();
    const quoted = this.#take();
    const operators: readonly string[] = ['=', '!=', '=~', '!~'];
    if (!operators.includes(operator) || !quoted.startsWith('"')) throw new PromqlError(`bad matcher of ${label}`);
    const value = unquoted(quoted);
    if (operator.includes('~')) anchored(value);
    return { label, operator: operator as MatchOperator, value };
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next];
  }

  #take(): string {
    const token = this.#peek();
    if (token === undefined) throw new PromqlError('unexpected end of input');
    this.#next += 1;
    return token;
  }

  #expect(token: string): void {
    const found = this.#take();
    if (found !== token) throw new PromqlError(`expected ${token}, found ${found}`);
  }
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new PromqlError(`bad string ${text}`);
  }
}

/** A duration such as `5m`, `90s` or `1h30m`. */
export function durationOf(text: string): number {
  try {
    return parseDurationMs(text);
  } catch {
    throw new PromqlError(`bad duration ${text}`);
  }
}

/** Matchers with `=~` match the whole value. */
export function anchored(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 's');
  } catch {
    throw new PromqlError(`bad regular expression ${JSON.stringify(pattern)}`);
  }
}
