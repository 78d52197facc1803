import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const PROGRAM = `
  const { processConsole } = await import(${JSON.stringify(new URL('process-console.ts', import.meta.url).href)});
  const console = processConsole();
  for (let row = 0; row < 3; row += 1) console.out('a row\\n');
  console.err('all told\\n');
  await new Promise((resolve) => setTimeout(resolve, 20));
  console.err(console.unread.aborted ? 'stopped\\n' : 'read\\n');
  process.exitCode = EXIT_CODE;
`;

/** A program that prints rows to a full disk, or has its words lost. */
function printed(exitCode: number, full: 'stdout' | 'stderr' | 'none') {
  const disk = openSync('/dev/full', 'w');
  try {
    const argv = ['--no-warnings', '--input-type=module', '--eval', PROGRAM.replace('EXIT_CODE', String(exitCode))];
    const stdio = ['ignore', full === 'stdout' ? disk : 'pipe', full === 'stderr' ? disk : 'pipe'] as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      ...{ encoding: 'utf8', timeout: 15_000, stdio: [...stdio] },
    });
    return { status, stdout, stderr };
  } finally {
    closeSync(disk);
  }
}

describe('the console of a process', () => {
  it('fails when its output is lost, says so once, and without a stack', () => {
    expect(printed(0, 'stdout')).toEqual({
      ...{ status: 1, stdout: null },
      stderr: 'all told\nerror: the output could not be written: ENOSPC: no space left on device, write.\nstopped\n',
    });
    expect(printed(2, 'stdout').status).toBe(2);
  });

  it('fails when what it says about it is lost', () => {
    expect(printed(0, 'stderr')).toEqual({ status: 1, stdout: 'a row\na row\na row\n', stderr: null });
  });

  it('is content otherwise', () => {
    expect(printed(0, 'none')).toMatchObject({ status: 0, stderr: 'all told\nread\n' });
  });
});
