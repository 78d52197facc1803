/** For tests: reads the text format of Prometheus and takes no liberties with it. */

export interface ParsedFamily {
  readonly help: string;
  readonly type: string;
  /** By the text of the labels, such as `name="pool-1",node="node-1"`. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const HELP_LINE = new RegExp(`^# HELP (${NAME}) (.+)$`);
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE_LINE = new RegExp(`^(${NAME})\\{(${LABEL}(?:,${LABEL})*)?\\} (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`);

/** Throws at the first line that is not exactly as the format, and the order HELP, TYPE, samples, wants it. */
export function parseExposition(text: string): Map<string, ParsedFamily> {
  const families = new Map<string, ParsedFamily>();
  if (text === '') return families;
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  let current: { name: string; samples: Map<string, number> } | undefined;
  const lines = text.slice(0, -1).split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const [, helped, help = ''] = HELP_LINE.exec(line) ?? [];
    if (helped !== undefined) {
      const [, name, type = ''] = TYPE_LINE.exec(lines[(index += 1)] ?? '') ?? [];
      if (name !== helped) throw new Error(`line ${index + 1}: TYPE of ${helped} expected`);
      if (families.has(name)) throw new Error(`line ${index + 1}: ${name} comes twice`);
      current = { name, samples: new Map() };
      families.set(name, { help, type, samples: current.samples });
      continue;
    }
    const [, name, labels = '', value] = SAMPLE_LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`line ${index + 1} is no sample: ${line}`);
    if (name !== current?.name) throw new Error(`line ${index + 1}: ${name} outside its family`);
    if (current.samples.has(labels)) throw new Error(`line ${index + 1}: ${name}{${labels}} comes twice`);
    current.samples.set(labels, Number(value));
  }
  return families;
}
