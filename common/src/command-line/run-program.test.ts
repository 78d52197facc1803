import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '../base/index.ts';
import { RememberingConsole } from './console.fixture.ts';
import type { ExitCode } from './console.ts';
import type { Program } from './program.ts';
import { runProgram } from './run-program.ts';

const PROGRAM: Program<'loud' | 'help', 'greet'> = {
  name: 'example',
  purpose: 'greets.',
  flags: { loud: { description: 'Louder.' }, help: { short: 'h', description: 'Print this text.' } },
  globalFlags: ['help'],
  foreignFlags: {},
  commands: { greet: { summary: 'Greet.', operands: '', flags: ['loud'], details: '', examples: ['example greet'] } },
  exitCodes: 'Exit codes: 0.',
};

async function ran(argv: readonly string[], carryOut: (console: RememberingConsole) => Promise<ExitCode>) {
  const console = new RememberingConsole();
  const code = await runProgram({
    ...{ program: PROGRAM, argv, console },
    read: (command, flags) => ({ command, isLoud: flags.is('loud') }),
    carryOut: ({ isLoud }) => {
      console.out(isLoud ? 'HELLO' : 'hello');
      return carryOut(console);
    },
  });
  return { code, said: console.said, told: console.told };
}

const good = (): Promise<ExitCode> => Promise.resolve(0);

describe('a program', () => {
  it('carries out what was asked for, and ends with its exit code', async () => {
    expect(await ran(['greet', '--loud'], good)).toEqual({ code: 0, said: 'HELLO', told: '' });
    expect(await ran(['greet'], () => Promise.resolve(130))).toEqual({ code: 130, said: 'hello', told: '' });
  });

  it('answers a wish for help on standard output', async () => {
    expect(await ran(['greet', '-h'], good)).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^Greet\./),
      told: '',
    });
    expect(await ran([], good)).toMatchObject({ code: 0, said: expect.stringMatching(/^example greets\./), told: '' });
  });

  it('does nothing on a command line that cannot be meant, and says where to read on', async () => {
    expect(await ran(['greet', '--lout', 'x'], good)).toEqual({
      ...{ code: 2, said: '' },
      told: 'error: flag --lout: is not known; did you mean --loud?\nSee example greet --help.\n',
    });
  });

  it('tells an error, and is ended by Ctrl-C', async () => {
    const failure = new CoucheStorError('notFound', 'There is nobody to greet.');
    expect(await ran(['greet'], () => Promise.reject(failure))).toMatchObject({
      ...{ code: 1, told: 'error: There is nobody to greet.\n' },
    });
    const interrupted = (console: RememberingConsole): Promise<ExitCode> => {
      console.interrupt();
      return Promise.reject(failure);
    };
    expect(await ran(['greet'], interrupted)).toMatchObject({ code: 130, told: '' });
    await expect(ran(['greet'], () => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
  });
});
