/** The texts of --help. docs/cli.md holds them too, which a test compares. */
import { COMMAND_NAMES, commandOf, type Command, type CommandName } from './commands.ts';
import { FLAGS, GLOBAL_FLAGS, type Flag, type FlagName } from './flags.ts';

export const PROGRAM = 'kubectl couchestor';

const REMARK_WIDTH = 80;

const EXIT_CODES = `Exit codes: 0 it is done, or there was nothing to do; 1 it failed; 2 the command line cannot be meant;
130 Ctrl-C ended --wait.`;

export function generalHelp(): string {
  const width = Math.max(...COMMAND_NAMES.map((name) => name.length));
  return `${PROGRAM} looks after the volumes that CoucheStor moves between tiers.

Usage: ${PROGRAM} COMMAND [FLAG]...

Commands:
${COMMAND_NAMES.map((name) => `  ${name.padEnd(width)}  ${commandOf(name).summary}\n`).join('')}
Flags of every command:
${flagLines(GLOBAL_FLAGS, {})}
${EXIT_CODES}
${PROGRAM} COMMAND --help tells more of a command.
`;
}

export function commandHelp(name: CommandName): string {
  const command = commandOf(name);
  const { summary, operands, flags, details, examples } = command;
  const own = flags.length === 0 ? '' : `\nFlags:\n${flagLines(flags, command)}`;
  return `${summary}

Usage: ${PROGRAM} ${name}${operands === '' ? '' : ` ${operands}`} [FLAG]...
${details === '' ? '' : `\n${details}\n`}${own}
Flags of every command:
${flagLines(GLOBAL_FLAGS, {})}
Examples:
${examples.map((example) => `  ${example}\n`).join('')}`;
}

function flagLines(names: readonly FlagName[], { formats }: Pick<Command, 'formats'>): string {
  const rows = names.map((name) => {
    const flag: Flag = FLAGS[name];
    const choices = name === 'output' ? formats : flag.choices;
    const fallback = name === 'output' ? formats?.[0] : flag.default;
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
    const remarks = [
      ...(choices === undefined ? [] : [choices.join(', ')]),
      ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ];
    return {
      left: `  ${short}--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`,
      lines: [flag.description, ...(remarks.length === 0 ? [] : folded(`(${remarks.join('; ')})`))],
    };
  });
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows
    .map(({ left, lines }) =>
      lines.map((line, index) => `${(index === 0 ? left : '').padEnd(width)}  ${line}\n`).join(''),
    )
    .join('');
}

function folded(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length < REMARK_WIDTH) lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
