import { allHelp, parseCommandLine } from '@couchestor/common/command-line';
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM } from './commands.ts';
import { readRequest } from './read-request.ts';

const parse = (argv: readonly string[]) => parseCommandLine(PROGRAM, argv, readRequest);
const requestOf = (...argv: string[]) => {
  const line = parse(argv);
  if (line.kind !== 'run') throw new Error(JSON.stringify(line));
  return line.request.request;
};
const problemsOf = (...argv: string[]) => {
  const line = parse(argv);
  if (line.kind !== 'invalid') throw new Error(JSON.stringify(line));
  return line.problems;
};

describe('a command line', () => {
  it('asks for a list, chosen and printed as it says', () => {
    expect(requestOf('migrations')).toEqual({ command: 'migrations', output: 'table', watch: false });
    expect(
      requestOf('migrations', '--policy=gold', '--volume', 'v1', '--phase', 'syncing', '-o', 'wide', '-w'),
    ).toEqual({
      command: 'migrations',
      policy: 'gold',
      volume: 'v1',
      phase: 'Syncing',
      output: 'wide',
      watch: true,
    });
  });

  it('takes a short flag with its value in every way of writing', () => {
    for (const argv of [['-o', 'json'], ['-ojson'], ['-o=json'], ['--output=json']]) {
      expect(requestOf('migrations', ...argv)).toMatchObject({ output: 'json' });
    }
  });

  it('takes flags before the command', () => {
    expect(parse(['--context', 'prod', '--request-timeout=3s', '--policy', 'gold', 'migrations'])).toMatchObject({
      request: {
        request: { command: 'migrations', policy: 'gold' },
        connection: { context: 'prod', requestTimeoutMs: 3_000, kubeconfig: undefined },
      },
    });
  });

  it('names migrations as migrations -o name does, each once', () => {
    const names = ['v1-1', 'volumemigration.storage.billyronks.io/v1-2', 'volmig/v1-1'];
    expect(requestOf('cancel', ...names, '--cleanup', '--wait', '--timeout', '90s')).toEqual({
      command: 'cancel',
      names: ['v1-1', 'v1-2'],
      cleanup: true,
      wait: true,
      timeoutMs: 90_000,
      dryRun: false,
    });
    expect(requestOf('cancel', 'v1-1')).toMatchObject({ timeoutMs: 600_000, wait: false, cleanup: false });
  });

  it('approves in a name, or in that of who asks', () => {
    expect(requestOf('approve', 'v1-1', '--by', 'anna')).toEqual({
      command: 'approve',
      names: ['v1-1'],
      by: 'anna',
      dryRun: false,
    });
    expect(requestOf('approve', 'v1-1', '--dry-run')).toMatchObject({ by: undefined, dryRun: true });
  });

  it('explains a volume by its id or its claim', () => {
    expect(requestOf('explain', 'shop/data', '--operator-url', 'http://localhost:8090')).toEqual({
      command: 'explain',
      volume: 'shop/data',
      policy: undefined,
      output: 'text',
      operatorUrl: 'http://localhost:8090',
    });
    expect(requestOf('explain', 'pvc-1', '-o', 'json')).toMatchObject({ volume: 'pvc-1', output: 'json' });
  });

  it.each([
    [['migration'], 'command "migration": is not known; did you mean migrations?'],
    [['--context', 'prod'], 'no command; give one of migrations, cancel, approve, explain, version.'],
    [['migrations', '--plicy', 'gold'], 'flag --plicy: is not known; did you mean --policy?'],
    [['migrations', '--xyzzy'], 'flag --xyzzy: is not known; see --help for those there are.'],
    [['migrations', '-A'], 'flag -A: VolumeMigrations are in no namespace; leave it out.'],
    [['migrations', 'v1-1'], 'argument "v1-1": is not expected; choose with --policy, --volume and --phase.'],
    [['migrations', '--cleanup'], 'flag --cleanup: is not one of migrations; leave it out.'],
    [['migrations', '--policy'], 'flag --policy: needs a value; write --policy NAME.'],
    [['migrations', '--policy', '--watch'], 'flag --policy: needs a value; write --policy NAME.'],
    [['migrations', '--watch=yes'], 'flag --watch: takes no value; give it alone.'],
    [['migrations', '--policy=a', '--policy=b'], 'flag --policy: is given twice; give it once.'],
    [
      ['migrations', '--phase', 'Sincing'],
      /^flag --phase: "Sincing" is not one of Pending, .*; did you mean Syncing\?$/,
    ],
    [['migrations', '-o', 'text'], /^flag --output: "text" is not one of table, wide, json, yaml, name; /],
    [['explain', 'v', '-o', 'yaml'], 'flag --output: "yaml" is not one of text, json; give one of them.'],
    [['migrations', '--request-timeout', '5'], /^flag --request-timeout: "5" has no unit; write 5s/],
    [
      ['migrations', '--request-timeout', '0s'],
      'flag --request-timeout: "0s" is no time at all; give one such as 30s.',
    ],
    [['migrations', '--policy', 'Gold!'], /^flag --policy: "Gold!" is not an identifier; /],
    [['cancel'], 'NAME: is missing; give the names of VolumeMigrations, as migrations lists them.'],
    [['cancel', 'A b'], 'NAME: "A b" is not the name of a VolumeMigration; list them with migrations.'],
    [['cancel', 'a', '--timeout', '1m'], 'flag --timeout: says how long --wait waits; add --wait, or leave it out.'],
    [['cancel', 'a', '--wait', '--dry-run'], /^flag --wait: there is nothing to wait for with --dry-run; /],
    [['approve', 'a', '--by', 'x'.repeat(254)], /^flag --by: .* is longer than 253 characters; /],
    [['explain'], 'VOLUME: is missing; give the id of a volume, or NAMESPACE/CLAIM.'],
    [['explain', 'a/b/c'], 'VOLUME: "a/b/c" names no volume; give the id of a volume, or NAMESPACE/CLAIM.'],
    [['explain', 'a', 'b'], 'argument "b": is not expected; ask for one volume at a time.'],
    [['explain', 'a', '--operator-url', 'localhost:8090'], /^flag --operator-url: "localhost:8090" is not the address/],
    [['version', 'x'], 'argument "x": is not expected; leave it out.'],
  ])('%j is refused with what to do', (argv, problem) => {
    expect(problemsOf(...argv)).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });

  it('is told everything that is wrong with it at once', () => {
    expect(problemsOf('cancel', '--clenup', '--timeout=5')).toHaveLength(4);
  });

  it('asks for help in every way', () => {
    expect(parse([])).toEqual({ kind: 'help', command: undefined });
    expect(parse(['help'])).toEqual({ kind: 'help', command: undefined });
    for (const argv of [
      ['cancel', '--help'],
      ['-h', 'cancel'],
      ['help', 'cancel'],
      ['cancel', '--bad', '--help'],
    ]) {
      expect(parse(argv)).toEqual({ kind: 'help', command: 'cancel' });
    }
    expect(requestOf('version')).toEqual({ command: 'version' });
  });
});

describe('the help', () => {
  it('is what docs/cli.md says', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'cli.md'), 'utf8');
    for (const text of allHelp(PROGRAM)) expect(page).toContain(`\`\`\`\n${text}\`\`\``);
  });

  it('fits a terminal', () => {
    const lines = allHelp(PROGRAM).join('').split('\n');
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });
});
