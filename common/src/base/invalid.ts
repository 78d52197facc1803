/** How every parser here refuses a text: which field, what it holds, what to write instead. */
import { CoucheStorError } from './errors.ts';
import { quote } from './quote.ts';

/** CoucheStorError `invalid`: "<field>: <text> <fault>; <remedy>.", with the field and the quoted text as fields. */
export function invalid(
  field: string,
  text: string,
  { fault, remedy }: { fault: string; remedy: string },
): CoucheStorError {
  const value = quote(text);
  return new CoucheStorError('invalid', `${field}: ${value} ${fault}; ${remedy}.`, { fields: { field, value } });
}
