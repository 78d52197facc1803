/** How long the API contract suite takes on the sandbox, and on the server of KUBECONFIG_TEST. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Area } from '../row.ts';

const root = join(import.meta.dirname, '..', '..');

export const contract: Area = {
  name: 'contract',
  summary: 'API contract suite, start to end (peer: KUBECONFIG_TEST)',
  run({ smoke }) {
    const pattern = smoke ? 'test/contract/kube-api/discovery' : 'test/contract/kube-api';
    const { KUBECONFIG_TEST: real, ...clean } = process.env;
    const own = runSuite(pattern, clean);
    const peer = real === undefined ? undefined : runSuite(pattern, { ...clean, KUBECONFIG_TEST: real });
    return Promise.resolve([
      {
        area: 'contract',
        shape: `${own.tests} tests`,
        subject: 'suite on the sandbox',
        value: own.seconds,
        unit: 's',
        peers: peer === undefined ? {} : { [`kube-apiserver, ${peer.tests} tests`]: peer.seconds },
      },
    ]);
  },
};

function runSuite(pattern: string, env: NodeJS.ProcessEnv): { seconds: number; tests: number } {
  const folder = mkdtempSync(join(tmpdir(), 'couchestor-bench-'));
  const report = join(folder, 'report.json');
  try {
    const started = performance.now();
    const jest = [
      '--experimental-vm-modules',
      '--no-warnings',
      'node_modules/jest/bin/jest.js',
      '--selectProjects',
      'contract',
    ];
    const child = spawnSync(process.execPath, [...jest, '--json', `--outputFile=${report}`, pattern], {
      cwd: root,
      env,
      stdio: 'ignore',
    });
    const seconds = (performance.now() - started) / 1000;
    if (child.status !== 0) throw new Error(`the contract suite failed: npm run contract -- ${pattern}`);
    const { numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number };
    return { seconds, tests: numPassedTests };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
