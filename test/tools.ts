/**
 * The programs that tests drive: those that `npm run bootstrap` put into `.cache/tools/bin`, else those on PATH if they are
 * new enough.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Requirement {
  /** Absent: any version will do. */
  oldest?: { major: number; minor: number; arguments: readonly string[] };
  /** How a person gets it. */
  install: string;
}

const requirements = {
  kubectl: {
    oldest: { major: 1, minor: 28, arguments: ['version', '--client', '--output=json'] },
    install: 'npm run bootstrap',
  },
  helm: {
    oldest: { major: 3, minor: 10, arguments: ['version', '--template={{.Version}}'] },
    install: 'npm run bootstrap',
  },
  script: { install: 'apt-get install bsdutils' },
  strace: { install: 'apt-get install strace' },
  faketime: { install: 'apt-get install faketime' },
  'mkfs.ext4': { install: 'apt-get install e2fsprogs' },
  'mkfs.xfs': { install: 'apt-get install xfsprogs' },
  xfs_io: { install: 'apt-get install xfsprogs' },
  prometheus: { install: 'apt-get install prometheus' },
  /** Comes with it. */
  promtool: { install: 'apt-get install prometheus' },
} as const satisfies Record<string, Requirement>;

export type ToolName = keyof typeof requirements;

export type Tool = { kind: 'found'; path: string } | { kind: 'missing'; remedy: string };

export function findTool(name: ToolName): Tool {
  const { oldest, install }: Requirement = requirements[name];
  const bootstrapped = join(import.meta.dirname, '..', '.cache', 'tools', 'bin');
  const folders = [bootstrapped, ...(process.env.PATH ?? '').split(delimiter)];
  const path = folders.map((folder) => join(folder, name)).find((file) => existsSync(file) && isRecent(file, oldest));
  if (path !== undefined) return { kind: 'found', path };
  const version = oldest === undefined ? '' : ` ${oldest.major}.${oldest.minor} or later`;
  return { kind: 'missing', remedy: `needs ${name}${version}: ${install}` };
}

function isRecent(path: string, oldest: Requirement['oldest']): boolean {
  if (oldest === undefined) return true;
  try {
    const output = execFileSync(path, oldest.arguments, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const match = /v(\d+)\.(\d+)\.\d+/.exec(output);
    return match !== null && Number(match[1]) === oldest.major && Number(match[2]) >= oldest.minor;
  } catch {
    return false;
  }
}
