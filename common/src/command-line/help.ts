/** The texts of --help. */
import { namesOf, type Command, type Program } from './program.ts';

const REMARK_WIDTH = 80;

export function generalHelp<F extends string, C extends string>(program: Program<F, C>): string {
  const names = namesOf(program.commands);
  const width = Math.max(...names.map((name) => name.length));
  return `${program.name} ${program.purpose}

Usage: ${program.name} COMMAND [FLAG]...

Commands:
${names.map((name) => `  ${name.padEnd(width)}  ${program.commands[name].summary}\n`).join('')}
Flags of every command:
${flagLines(program, program.globalFlags)}
${program.exitCodes}
${program.name} COMMAND --help tells more of a command.
`;
}

export function commandHelp<F extends string, C extends string>(program: Program<F, C>, name: C): string {
  const command = program.commands[name];
  const { summary, operands, flags, details, examples } = command;
  const own = flags.length === 0 ? '' : `\nFlags:\n${flagLines(program, flags, command.formats)}`;
  return `${summary}

Usage: ${program.name} ${name}${operands === '' ? '' : ` ${operands}`} [FLAG]...
${details === '' ? '' : `\n${details}\n`}${own}
Flags of every command:
${flagLines(program, program.globalFlags)}
Examples:
${examples.map((example) => `  ${example}\n`).join('')}`;
}

/** That of the whole program, and of each of its commands: what a page about it has to hold. */
export function allHelp<F extends string, C extends string>(program: Program<F, C>): readonly string[] {
  return [generalHelp(program), ...namesOf(program.commands).map((name) => commandHelp(program, name))];
}

function flagLines<F extends string>(
  { flags }: Pick<Program<F, never>, 'flags'>,
  names: readonly F[],
  formats?: Command<F>['formats'],
): string {
  const rows = names.map((name) => {
    const flag = flags[name];
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
