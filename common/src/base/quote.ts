/** Text from outside, made safe to show in a message. */

/** Longer values are cut, so that a hostile text does not fill a log. */
const MAX_QUOTED_LENGTH = 80;

/** `text` in JSON quotes, so that blanks, line breaks and control characters show; cut when long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text);
}
