/**
 * The field errors and field paths of the Kubernetes API machinery, in its words. A path is built as text, since all
 * that is ever done with one is to print it; the empty path is the object itself, and prints as `<nil>`.
 */
import type { FieldError } from '../types.ts';

export const childPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
export const keyPath = (path: string, key: string): string => `${path}[${key}]`;
export const indexPath = (path: string, index: number): string => `${path}[${index}]`;

/** A value as `field.Error` prints it; text is quoted, a missing value is the text null. */
const printed = (value: unknown): string => JSON.stringify(value ?? 'null');
const supportedText = (value: unknown): string => JSON.stringify(typeof value === 'string' ? value : printed(value));
const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;

function fieldError(reason: FieldError['reason'], path: string, ...parts: string[]): FieldError {
  return { reason, field: path === '' ? '<nil>' : path, message: parts.filter((part) => part !== '').join(': ') };
}

export const invalid = (path: string, value: unknown, detail: string): FieldError =>
  fieldError('FieldValueInvalid', path, 'Invalid value', printed(value), detail);
export const typeInvalid = (path: string, value: unknown, detail: string): FieldError =>
  fieldError('FieldValueTypeInvalid', path, 'Invalid value', printed(value), detail);
export const required = (path: string, detail = ''): FieldError =>
  fieldError('FieldValueRequired', path, 'Required value', detail);
export const forbidden = (path: string, detail: string): FieldError =>
  fieldError('FieldValueForbidden', path, 'Forbidden', detail);
export const duplicate = (path: string, value: unknown): FieldError =>
  fieldError('FieldValueDuplicate', path, 'Duplicate value', printed(value));
export const immutable = (path: string, value: unknown): FieldError => invalid(path, value, 'field is immutable');
export const tooLong = (path: string, limit: number): FieldError =>
  fieldError('FieldValueTooLong', path, 'Too long', `may not be more than ${plural(limit, 'byte')}`);
export const tooMany = (path: string, actual: number, limit: number): FieldError =>
  fieldError('FieldValueTooMany', path, 'Too many', `${actual}`, `must have at most ${plural(limit, 'item')}`);

export function notSupported(path: string, value: unknown, supported: readonly unknown[]): FieldError {
  const list = `supported values: ${supported.map(supportedText).join(', ')}`;
  return fieldError('FieldValueNotSupported', path, 'Unsupported value', printed(value), list);
}
