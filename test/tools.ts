/**
 * The command-line clients that tests drive: those that `npm run bootstrap` put into `.cache/tools/bin`, else those on
 * PATH if they are new enough.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const oldest = { kubectl: { major: 1, minor: 28 }, helm: { major: 3, minor: 10 } } as const;
const versionArguments = {
  kubectl: ['version', '--client', '--output=json'],
  helm: ['version', '--template={{.Version}}'],
} as const;

export type ToolName = keyof typeof oldest;

export type Tool = { kind: 'found'; path: string; version: string } | { kind: 'missing'; remedy: string };

export function findTool(name: ToolName): Tool {
  const { major, minor } = oldest[name];
  const bootstrapped = join(import.meta.dirname, '..', '.cache', 'tools', 'bin');
  const folders = [bootstrapped, ...(process.env.PATH ?? '').split(delimiter)];
  for (const folder of folders) {
    const path = join(folder, name);
    const version = existsSync(path) ? versionOf(name, path) : undefined;
    if (version?.major === major && version.minor >= minor) return { kind: 'found', path, version: version.text };
  }
  return { kind: 'missing', remedy: `needs ${name} ${major}.${minor} or later: npm run bootstrap` };
}

function versionOf(name: ToolName, path: string): { text: string; major: number; minor: number } | undefined {
  try {
    const output = execFileSync(path, versionArguments[name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const match = /v(\d+)\.(\d+)\.\d+/.exec(output);
    return match === null ? undefined : { text: match[0], major: Number(match[1]), minor: Number(match[2]) };
  } catch {
    return undefined;
  }
}
