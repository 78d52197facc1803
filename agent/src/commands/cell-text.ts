/** Text from outside as one cell of a table: what a file is called must not move a cursor, and a pipe must still cut rows at blanks. */

/** Letters, numbers, punctuation and symbols: a terminal shows each where it stands. */
const VISIBLE = String.raw`\p{L}\p{N}\p{P}\p{S}`;

const ALL_VISIBLE = new RegExp(`^(?!")[${VISIBLE}]+$`, 'u');

const NOT_VISIBLE = new RegExp(`[^${VISIBLE}]`, 'gu');

/** As it is where all of it can be seen; else as a string of JSON without blanks. */
export function cellText(text: string): string {
  return ALL_VISIBLE.test(text) ? text : JSON.stringify(text).replace(NOT_VISIBLE, escaped);
}

/** For the last cell of a row, which may have blanks. */
export function sentenceText(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, ' ');
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}
