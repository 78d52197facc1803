import { describe, expect, it } from '@jest/globals';
import { parseNodeName } from '../base/index.ts';
import { allHelp } from './help.ts';
import { parseCommandLine } from './parse.ts';
import type { Program } from './program.ts';

type FlagName = 'size' | 'pause' | 'node' | 'colour' | 'quick' | 'output' | 'help';
type CommandName = 'pool init' | 'pool scrub' | 'version';

const PROGRAM: Program<FlagName, CommandName> = {
  name: 'example',
  purpose: 'shows what a program is made of.',
  flags: {
    size: { value: 'SIZE', description: 'How much.' },
    pause: { value: 'DURATION', default: '5s', description: 'How long.' },
    node: { value: 'NAME', description: 'Whose.' },
    colour: { value: 'COLOUR', choices: ['Red', 'Green'], description: 'Which.' },
    quick: { short: 'q', description: 'Soon.' },
    output: { short: 'o', value: 'FORMAT', description: 'How to print it.' },
    help: { short: 'h', description: 'Print this text.' },
  },
  globalFlags: ['help'],
  foreignFlags: { verbose: 'is not needed; leave it out' },
  commands: {
    'pool init': {
      summary: 'Make one.',
      operands: 'DIR',
      flags: ['size', 'node', 'colour', 'quick'],
      details: 'Once.',
      examples: ['example pool init here'],
    },
    'pool scrub': {
      summary: 'Read all.',
      operands: '',
      flags: ['pause', 'output'],
      formats: ['table', 'json'],
      details: '',
      examples: ['example pool scrub'],
    },
    version: { summary: 'Print the version.', operands: '', flags: [], details: '', examples: ['example version'] },
  },
  exitCodes: 'Exit codes: 0 and others.',
};

const parse = (...argv: string[]) =>
  parseCommandLine(PROGRAM, argv, (command, flags, operands) => {
    if (command !== 'pool init') flags.none(operands, 'leave it out');
    return {
      command,
      operands,
      size: flags.bytes('size'),
      pauseMs: flags.durationMs('pause', '5s'),
      node: flags.parsed('node', parseNodeName),
      colour: flags.choice('colour', ['Red', 'Green']),
      isQuick: flags.is('quick'),
    };
  });

describe('a command line', () => {
  it('names a command of several words, with its operands behind it and flags anywhere', () => {
    const meant = {
      kind: 'run',
      request: { command: 'pool init', operands: ['a', 'b'], size: 1024, pauseMs: 5000, colour: 'Red', isQuick: true },
    };
    expect(parse('pool', 'init', 'a', 'b', '-q', '--size=1Ki', '--colour', 'red')).toMatchObject(meant);
    expect(parse('--size', '1Ki', 'pool', '-q', 'init', 'a', '--colour=RED', 'b')).toMatchObject(meant);
  });

  it.each([
    [['pool'], 'command "pool": has several commands; give one of pool init, pool scrub.'],
    [['pool', 'scrap'], 'command "pool scrap": is not known; did you mean pool scrub?'],
    [['pool', 'xyz'], 'command "pool xyz": is not known; give one of pool init, pool scrub.'],
    [['poool', 'init'], 'command "poool": is not known; give one of pool init, pool scrub, version.'],
    [['init'], 'command "init": is not known; give one of pool init, pool scrub, version.'],
    [['verson'], 'command "verson": is not known; did you mean version?'],
    [['-q'], 'no command; give one of pool init, pool scrub, version.'],
    [['pool', 'scrub', 'x'], 'argument "x": is not expected; leave it out.'],
    [['pool', 'scrub', '-q'], 'flag --quick: is not one of pool scrub; leave it out.'],
    [['pool', 'scrub', '--verbose'], 'flag --verbose: is not needed; leave it out.'],
    [['pool', 'scrub', '--pause', '0s'], 'flag --pause: "0s" is no time at all; give one such as 30s.'],
    [['pool', 'init', '--size', '0'], 'flag --size: "0" is nothing at all; give a size such as 100Mi.'],
    [['pool', 'init', '--size', '1.5Gi'], /^flag --size: "1.5Gi" has a fraction; /],
    [['pool', 'init', '--node', 'A_b'], /^flag --node: "A_b" is not an identifier; /],
    [['pool', 'init', '--colour', 'gren'], 'flag --colour: "gren" is not one of Red, Green; did you mean Green?'],
    [['pool', 'init', '--size', '--quick'], 'flag --size: needs a value; write --size SIZE.'],
  ])('%j is refused with what to do', (argv, problem) => {
    const line = parse(...argv);
    expect(line).toMatchObject({
      kind: 'invalid',
      problems: [typeof problem === 'string' ? problem : expect.stringMatching(problem)],
    });
  });

  it('is told everything that is wrong with it at once', () => {
    expect(parse('pool', 'init', '--siz=1', '--node=-', '--colour=blue', '--pause=1s')).toMatchObject({
      kind: 'invalid',
      command: 'pool init',
      problems: { length: 4 },
    });
  });

  it('is not blamed for what may be the value of a flag that is not known', () => {
    expect(parse('pool', 'init', 'a', '--sise', '3Mi')).toMatchObject({
      problems: ['flag --sise: is not known; did you mean --size?'],
    });
    expect(parse('pool', 'scrub', '--paus', '3s')).toMatchObject({
      problems: ['flag --paus: is not known; did you mean --pause?'],
    });
  });

  it('asks for help in every way', () => {
    for (const argv of [[], ['help'], ['pool', '--help'], ['help', 'pool'], ['-h']]) {
      expect(parse(...argv)).toEqual({ kind: 'help', command: undefined });
    }
    for (const argv of [
      ['pool', 'init', '-h'],
      ['help', 'pool', 'init'],
      ['pool', 'init', '--bad', '--help'],
    ]) {
      expect(parse(...argv)).toEqual({ kind: 'help', command: 'pool init' });
    }
  });
});

it('the help is made of what the parser knows', () => {
  const [general, init, scrub] = allHelp(PROGRAM);
  expect(general).toBe(`example shows what a program is made of.

Usage: example COMMAND [FLAG]...

Commands:
  pool init   Make one.
  pool scrub  Read all.
  version     Print the version.

Flags of every command:
  -h, --help  Print this text.

Exit codes: 0 and others.
example COMMAND --help tells more of a command.
`);
  expect(init).toContain('Usage: example pool init DIR [FLAG]...\n\nOnce.\n');
  expect(init).toContain('      --colour COLOUR  Which.\n                       (Red, Green)\n');
  expect(scrub).toContain(
    '  -o, --output FORMAT   How to print it.\n                        (table, json; default table)\n',
  );
});
