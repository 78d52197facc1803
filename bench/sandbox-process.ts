/** The sandbox as a process of its own, so that its memory and its event loop are not those of the measuring side. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SandboxProcess {
  kubeconfig: string;
  /** Resident set, MiB; undefined where the system does not say (other than Linux). */
  rssMiB(): number | undefined;
  stop(): Promise<void>;
}

const main = join(import.meta.dirname, '..', 'sandbox', 'src', 'main.ts');

export async function startSandbox(...flags: string[]): Promise<SandboxProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'couchestor-bench-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const child = spawn(process.execPath, ['--no-warnings', main, '--port', '0', '--kubeconfig', kubeconfig, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      rmSync(folder, { recursive: true, force: true });
      throw new Error('the sandbox ended before it was ready');
    }),
  ]);
  child.stdout.resume();
  return {
    kubeconfig: readFileSync(kubeconfig, 'utf8'),
    rssMiB: () => {
      if (process.platform !== 'linux') return undefined;
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const kibibytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
      return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
