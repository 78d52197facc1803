import { allHelp, parseCommandLine } from '@couchestor/common/command-line';
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM } from './program.ts';
import { readRequest } from './read-request.ts';

const parse = (argv: readonly string[]) => parseCommandLine(PROGRAM, ['pool', ...argv], readRequest);

describe('a command line of the agent', () => {
  it.each([
    [
      ['init', '/mnt/a', '--node', 'node-a', '--tier', 'Hot', '--uuid', 'u-1', '--dry-run', '-ojson'],
      { folder: '/mnt/a', node: 'node-a', tier: 'hot', uuid: 'u-1', dryRun: true, output: 'json' },
    ],
    [
      ['init', '/mnt/a', '--node', 'node-a', '--tier', 'cold'],
      { uuid: undefined, dryRun: false, output: 'text', tier: 'cold' },
    ],
    [['ls', 'a', 'b', 'a'], { folders: ['a', 'b'], shards: false, volume: undefined, output: 'table' }],
    [['ls', 'a', '--shards', '--volume', 'v1', '-o', 'json'], { shards: true, volume: 'v1', output: 'json' }],
    [['check', 'a', 'b'], { folders: ['a', 'b'], output: 'table' }],
    [
      ['scrub', 'a', '--bandwidth', '100Mi', '--tranquility', '2.5', '--restart', '--dry-run'],
      { folder: 'a', bandwidthBytesPerSecond: 104_857_600, tranquility: 2.5, restart: true, dryRun: true },
    ],
    [['scrub', 'a'], { bandwidthBytesPerSecond: undefined, tranquility: 0, restart: false, dryRun: false }],
  ])('%j asks for what it says', (argv, request) => {
    expect(parse(argv)).toMatchObject({ kind: 'run', request: { command: `pool ${argv[0] ?? ''}`, ...request } });
  });

  it.each([
    [['init', 'a', '--tier', 'hot'], /^flag --node: is missing; say which node/],
    [['init', 'a', '--node', 'n'], 'flag --tier: is missing; say which tier the disk is fit for: hot, warm, cold.'],
    [['init', 'a', '--node', 'n', '--tier', 'hott'], /"hott" is not one of hot, warm, cold; did you mean hot\?$/],
    [['init', 'a', '--node', 'N_1', '--tier', 'hot'], /^flag --node: "N_1" is not an identifier; /],
    [['init', 'a', '--node', 'n', '--tier', 'hot', '--uuid', '../x'], /^flag --uuid: "..\/x" is not an identifier; /],
    [['init', 'a', 'b', '--node', 'n', '--tier', 'hot'], 'argument "b": is not expected; give one folder at a time.'],
    [['init', '--node', 'n', '--tier', 'hot'], /^DIR: is missing; give the folder of a pool/],
    [
      ['init', 'a', '--node', 'n', '--tier', 'hot', '--force=a'],
      'flag --force: is not one of pool init; leave it out.',
    ],
    [['ls'], /^DIR: is missing; /],
    [['ls', ''], /^DIR: is empty; /],
    [['ls', 'a', '--volume', 'v1'], /^flag --volume: chooses among shards; add --shards, /],
    [['ls', 'a', '--shards', '--volume', 'a/b'], /^flag --volume: "a\/b" is not an identifier; /],
    [['check', 'a', '-o', 'yaml'], /^flag --output: "yaml" is not one of table, json; /],
    [['check', 'a', '--dry-run'], 'flag --dry-run: is not one of pool check; leave it out.'],
    [['scrub', 'a', 'b'], 'argument "b": is not expected; give one folder at a time.'],
    [['scrub', 'a', '--bandwidth', '10 MB'], /^flag --bandwidth: "10 MB" is not a size; /],
    [['scrub', 'a', '--bandwidth', '0'], /^flag --bandwidth: "0" is nothing at all; /],
    [
      ['scrub', 'a', '--bandwidth', '1Ki'],
      /^flag --bandwidth: "1Ki" is less than a block in a second; give at least 64Ki/,
    ],
    [['scrub', 'a', '--tranquility', '1001'], /^flag --tranquility: "1001" is not a number from 0 to 1000; /],
    [['scrub', 'a', '--tranquility=-1'], /^flag --tranquility: "-1" is not a number from 0 to 1000; /],
    [['scrub', 'a', '--repair'], /^flag --repair: is not there: shards are repaired from others/],
  ])('%j is refused with what to do', (argv, problem) => {
    expect(parse(argv)).toMatchObject({
      kind: 'invalid',
      problems: [typeof problem === 'string' ? problem : expect.stringMatching(problem)],
    });
  });

  it('is told everything that is wrong with it at once', () => {
    expect(parse(['init', '--teir', 'hot'])).toMatchObject({ kind: 'invalid', problems: { length: 4 } });
  });
});

describe('the help of the agent', () => {
  it('is what docs/cli.md says', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'cli.md'), 'utf8');
    for (const text of allHelp(PROGRAM)) expect(page).toContain(`\`\`\`\n${text}\`\`\``);
  });

  it('fits a terminal', () => {
    const lines = allHelp(PROGRAM).join('').split('\n');
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });
});
