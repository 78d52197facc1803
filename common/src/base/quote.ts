/** Text from outside, made safe to show in a message. */

/** Longer values are cut, so that a hostile text does not fill a log. */
const MAX_QUOTED_LENGTH = 80;

/** `text` in JSON quotes on one line, blanks, line breaks and control characters made visible; cut when long. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text);
  // JSON leaves these as they are.
  return quoted.replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
