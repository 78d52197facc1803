/** CLAUDE.md is read by tools that do what it says, so what it says is done here. */
import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'CLAUDE.md'), 'utf8');
const commands = [...page.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap((block) => (block[1] ?? '').split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '');

/** Commands that would start this very test again: their stages are listed instead of run. */
const RECURSIVE = /^npm (test|run check)$/;

describe('the commands of CLAUDE.md', () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(3);
  });

  it.each(commands)(
    '%s works',
    (command) => {
      const [program = '', ...args] = command.split(' ');
      const extra = RECURSIVE.test(command) ? ['--', '--list'] : [];
      const result = spawnSync(program, [...args, ...extra], { cwd: root, encoding: 'utf8', timeout: 120_000 });
      expect({ status: result.status, stderr: result.status === 0 ? '' : result.stderr + result.stdout }).toEqual({
        status: 0,
        stderr: '',
      });
    },
    130_000,
  );
});
