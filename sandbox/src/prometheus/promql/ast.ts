/** The part of PromQL that the stand-in understands; everything else is refused, never guessed. */

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

export interface Selector {
  readonly kind: 'selector';
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | Selector
  | { readonly kind: 'rate'; readonly selector: Selector; readonly rangeMs: number }
  | {
      readonly kind: 'aggregation';
      readonly operator: 'sum' | 'count';
      readonly by: readonly string[];
      readonly operand: Expression;
    }
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

export type ArithmeticOperator = '+' | '-' | '*' | '/';
