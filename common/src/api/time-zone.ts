/**
 * Time zones by their IANA names. The form of a name is part of the API and checked everywhere alike; whether the zone
 * exists depends on the data of the process that looks, so a policy with an unknown zone is stored and then not accepted.
 */
import { shown, type Reader } from './reader.ts';

const MAX_LENGTH = 64;

export const timeZoneName: Reader<string> = (value, at, report) => {
  if (
    typeof value === 'string' &&
    value.length <= MAX_LENGTH &&
    value.split('/').every((part) => /^[A-Z][-+\w]*$/.test(part))
  ) {
    return value;
  }
  report(at, `${shown(value)} is not an IANA time zone; write one such as UTC or Europe/Berlin`);
  return undefined;
};

export function isKnownTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
