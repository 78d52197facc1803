/** What `discover` can be asked for, once it is known to be sound. */
import type { NodeName } from '@couchestor/common/base';
import type { FlagReader } from '@couchestor/common/command-line';
import { parseNodeName } from '@couchestor/common/base';
import type { FlagName } from './program.ts';

export interface DiscoverRequest {
  readonly command: 'discover';
  readonly root: string;
  readonly node: NodeName | undefined;
  readonly output: 'table' | 'wide' | 'json';
  /** A disk, by id, kernel name, serial number or WWN. */
  readonly explain: string | undefined;
  /** A directory. */
  readonly trace: string | undefined;
  readonly policyFile: string | undefined;
  readonly force: readonly string[];
  readonly remote: boolean;
  readonly probe: boolean;
  readonly smartctl: boolean;
  readonly smartReports: string | undefined;
  readonly facts: boolean;
  readonly watch: boolean;
  readonly intervalMs: number;
}

export function readDiscover(flags: FlagReader<FlagName>, operands: readonly string[]): DiscoverRequest {
  flags.none(operands, 'disks are found, not named; --explain takes one');
  const root = pathOf(flags, 'root') ?? '/';
  const modes = (['explain', 'trace', 'watch'] as const).filter((name) => flags.is(name));
  if (modes.length > 1)
    flags.problem(`flag --${modes[1] ?? ''}: is another question than --${modes[0] ?? ''}; ask one of them.`);
  if (flags.is('interval') && !flags.is('watch')) {
    flags.problem('flag --interval: is how often --watch looks; add --watch, or leave it out.');
  }
  if (flags.is('smartctl') && flags.is('smart-reports')) {
    flags.problem('flag --smart-reports: stands in place of --smartctl; leave one of them out.');
  }
  if (flags.is('facts') && (root !== '/' || modes.length > 0)) {
    flags.problem(
      'flag --facts: is told of this machine, beside the list of its disks; leave out --root, --explain, --trace and --watch.',
    );
  }
  return {
    command: 'discover',
    root,
    node: flags.parsed('node', parseNodeName),
    output: flags.choice('output', ['table', 'wide', 'json']) ?? 'table',
    explain: pathOf(flags, 'explain'),
    trace: directoryOf(flags),
    policyFile: pathOf(flags, 'policy'),
    force: (flags.text('force') ?? '').split(',').filter((name) => name !== ''),
    remote: flags.is('remote'),
    probe: !flags.is('no-probe'),
    smartctl: flags.is('smartctl'),
    smartReports: pathOf(flags, 'smart-reports'),
    facts: flags.is('facts'),
    watch: flags.is('watch'),
    intervalMs: flags.durationMs('interval', '2s'),
  };
}

function pathOf(flags: FlagReader<FlagName>, name: FlagName): string | undefined {
  const text = flags.text(name);
  if (text === '') flags.refuse(name, 'is empty; give a value, or leave it out');
  return text;
}

function directoryOf(flags: FlagReader<FlagName>): string | undefined {
  const directory = pathOf(flags, 'trace');
  if (directory !== undefined && directory !== '' && !directory.startsWith('/')) {
    flags.refuse('trace', 'is no absolute path; begin it with a slash');
  }
  return directory;
}
