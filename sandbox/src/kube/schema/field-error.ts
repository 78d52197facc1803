/**
 * The field errors and field paths of the Kubernetes API machinery, in its words. A path is built as text, since all
 * that is ever done with one is to print it; the empty path is the object itself, and prints as `<nil>`.
 */
import type { FieldError } from '../types.ts';

export const childPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
export const keyPath = (path: string, key: string): string => `${path}[${key}]`;
export const indexPath = (path: string, index: number): string => `${path}[${index}]`;

/** A value as `field.Error` prints it; text is quoted, a missing value is the text null. */
function printed(value: unknown): string {
  return value === undefined || value === null ? '"null"' : JSON.stringify(value);
}

function fieldError(reason: FieldError['reason'], path: string, parts: string[]): FieldError {
  return { reason, field: path === '' ? '<nil>' : path, message: parts.filter((part) => part !== '').join(': ') };
}

export function invalid(path: string, value: unknown, detail: string): FieldError {
  return fieldError('FieldValueInvalid', path, ['Invalid value', printed(value), detail]);
}

export function typeInvalid(path: string, value: unknown, detail: string): FieldError {
  return fieldError('FieldValueTypeInvalid', path, ['Invalid value', printed(value), detail]);
}

export function required(path: string, detail = ''): FieldError {
  return fieldError('FieldValueRequired', path, ['Required value', detail]);
}

export function forbidden(path: string, detail: string): FieldError {
  return fieldError('FieldValueForbidden', path, ['Forbidden', detail]);
}

export function duplicate(path: string, value: unknown): FieldError {
  return fieldError('FieldValueDuplicate', path, ['Duplicate value', printed(value)]);
}

export function notSupported(path: string, value: unknown, supported: readonly unknown[]): FieldError {
  const texts = supported.map((item) => JSON.stringify(typeof item === 'string' ? item : JSON.stringify(item)));
  return fieldError('FieldValueNotSupported', path, [
    'Unsupported value',
    printed(value),
    `supported values: ${texts.join(', ')}`,
  ]);
}

export function tooLong(path: string, limit: number): FieldError {
  const unit = limit === 1 ? 'byte' : 'bytes';
  return fieldError('FieldValueTooLong', path, ['Too long', `may not be more than ${limit} ${unit}`]);
}

export function tooMany(path: string, actual: number, limit: number): FieldError {
  const unit = limit === 1 ? 'item' : 'items';
  return fieldError('FieldValueTooMany', path, ['Too many', `${actual}`, `must have at most ${limit} ${unit}`]);
}

export const immutable = (path: string, value: unknown): FieldError => invalid(path, value, 'field is immutable');
