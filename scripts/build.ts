/** `npm run build`: bundles what ships into `dist/` and shows that it starts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, copyFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bundleOperator } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const OUT_FILE = 'dist/couchestor-operator.mjs';
const MIB = 1024 ** 2;

/** What it says of itself where none of this checkout can be found. */
function versionOf(file: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'couchestor-build-'));
  try {
    const alone = join(folder, basename(file));
    copyFileSync(file, alone);
    return execFileSync(process.execPath, [alone, '--version'], { cwd: folder, encoding: 'utf8' }).trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sizeBytes = await bundleOperator(join(root, OUT_FILE));
process.stdout.write(`${OUT_FILE}: ${versionOf(join(root, OUT_FILE))}, ${(sizeBytes / MIB).toFixed(1)} MiB\n`);
