/**
 * Skipping that shows: a skipped case counts as pending and its name ends with the reason. A case that needs a package
 * fails instead of being skipped when CI=true, so that a pipeline cannot lose coverage unnoticed; one that mounts file systems fails
 * wherever it may mount and lacks the tools.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from '@jest/globals';
import { findTool, type ToolName } from './tools.ts';

type Case = (name: string, body: () => Promise<void>, timeoutMs?: number) => void;

export interface RequiredTool {
  /** Empty when the tool is missing: then none of the cases runs. */
  path: string;
  describe: (name: string, body: () => void) => void;
}

/** `it` for cases that cannot run here. */
export function skipped(reason: string): Case {
  return (name, body, timeoutMs) => it.skip(`${name} [skipped: ${reason}]`, body, timeoutMs);
}

/** A `describe` whose cases run when the tool is found. */
export function requireTool(name: ToolName): RequiredTool {
  const tool = findTool(name);
  if (tool.kind === 'found') return { path: tool.path, describe };
  if (process.env.CI === 'true') return { path: '', describe: (title) => failing(title, tool.remedy) };
  return { path: '', describe: (title, body) => describe.skip(`${title} [skipped: ${tool.remedy}]`, body) };
}

/** CAP_SYS_ADMIN of linux/capability.h. */
const SYS_ADMIN = 21n;

/** In a container, or in a user namespace, not even root may; and a machine without loop devices has nothing to mount. */
function mayMount(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const isAdministrator = ((BigInt(`0x${effective}`) >> SYS_ADMIN) & 1n) === 1n;
  const isWholeMachine = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  return isAdministrator && isWholeMachine && existsSync('/dev/loop-control');
}

/** A `describe` whose cases mount file systems, and need these tools for it. */
export function requireMounts(...names: readonly ToolName[]): RequiredTool['describe'] {
  if (!mayMount())
    return (title, body) =>
      describe.skip(`${title} [skipped: mounts file systems on loop devices, which root of a whole machine may]`, body);
  const missing = names.map(findTool).find((tool) => tool.kind === 'missing');
  return missing === undefined ? describe : (title) => failing(title, missing.remedy);
}

function failing(title: string, remedy: string): void {
  describe(title, () => {
    it(`finds its tools`, () => {
      throw new Error(remedy);
    });
  });
}
