/** JSONSchemaProps as the sandbox works with it, and what is worth knowing of JSON values. */
import type { JsonObject } from '../types.ts';

export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
}

type Sizes = `${'min' | 'max'}${'Length' | 'Items' | 'Properties'}`;
type Flags = `x-kubernetes-${'preserve-unknown-fields' | 'int-or-string'}`;

export interface Schema
  extends
    Partial<Record<'type' | 'format' | 'title' | 'description' | 'pattern', string>>,
    Partial<Record<`x-kubernetes-${'list' | 'map'}-type`, string>>,
    Partial<Record<'minimum' | 'maximum' | Sizes, number>>,
    Partial<Record<'nullable' | Flags, boolean>> {
  default?: unknown;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: ValidationRule[];
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of an own property: JSON may use any name, `constructor` and `__proto__` included. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The type of a JSON value in the words of OpenAPI. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
