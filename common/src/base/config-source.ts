/** What one source of configuration gave, before anything is known to be valid. */

export interface Given {
  /** As messages name it: "flag --x", "environment X", "file key x". */
  readonly source: string;
  readonly text: string;
}

export interface SourceReading {
  /** By key of the spec. */
  readonly given: ReadonlyMap<string, Given>;
  /** What the source holds that belongs to no option or cannot be read. */
  readonly problems: readonly string[];
  /** False when the source as a whole could not be read, so that what it holds is unknown. */
  readonly readable: boolean;
}

export const EMPTY_SOURCE: SourceReading = { given: new Map(), problems: [], readable: true };
