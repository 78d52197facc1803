/**
 * Skipping that shows: a skipped case counts as pending and its name ends with the reason. A case that needs a package
 * fails instead of being skipped when CI=true, so that a pipeline cannot lose coverage unnoticed.
 */
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

function failing(title: string, remedy: string): void {
  describe(title, () => {
    it(`finds its tools`, () => {
      throw new Error(remedy);
    });
  });
}
