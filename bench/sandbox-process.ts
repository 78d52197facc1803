/** The sandbox as a process of its own, so that its memory and its event loop are not those of the measuring side. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rssMiBOf } from './child-memory.ts';

export interface SandboxProcess {
  kubeconfig: string;
  /** The same as a file, which is there until the sandbox is stopped. */
  kubeconfigFile: string;
  /** Where everything is, as the sandbox says it: a line each. */
  lines: readonly string[];
  /** Resident set, MiB; undefined where the system does not say (other than Linux). */
  rssMiB(): number | undefined;
  stop(): Promise<void>;
}

const main = join(import.meta.dirname, '..', 'sandbox', 'src', 'main.ts');

export async function startSandbox(...flags: string[]): Promise<SandboxProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'couchestor-bench-'));
  const kubeconfigFile = join(folder, 'kubeconfig');
  const child = spawn(
    process.execPath,
    ['--no-warnings', main, '--port', '0', '--kubeconfig', kubeconfigFile, ...flags],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  // It writes all of its lines at once.
  const [output] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      rmSync(folder, { recursive: true, force: true });
      throw new Error('the sandbox ended before it was ready');
    }),
  ])) as [Buffer];
  child.stdout.resume();
  return {
    kubeconfig: readFileSync(kubeconfigFile, 'utf8'),
    kubeconfigFile,
    lines: output.toString().trimEnd().split('\n'),
    rssMiB: () => rssMiBOf(child.pid),
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
