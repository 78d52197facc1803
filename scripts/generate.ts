/**
 * Writes every file that is derived from another: the reference pages of the CRDs and of the processes' flags, the
 * third-party notices, the compiled kernels of the erasure codec, and the types, the descriptor and the reference pages of
 * the gRPC contracts. `--check` writes nothing and fails when a file on disk is not what would be written, or is left of
 * something that is gone.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { crdPage } from './generate/crd-page.ts';
import { flagsPage } from './generate/flags-page.ts';
import { grpcPages } from './generate/grpc-page.ts';
import { noticesPage } from './generate/notices-page.ts';
import { kernelsModule } from './generate/wasm-kernels.ts';
import { wireTypes } from './generate/wire-types.ts';
import { loadProtos } from './proto/load-protos.ts';

const NOTICES = 'THIRD_PARTY_NOTICES.md';
const KERNELS = 'common/src/erasure/generated/wasm-kernels.ts';
const GENERATED_FOLDERS = [dirname(KERNELS), 'common/src/wire/generated', 'docs/reference'];

async function generated(root: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const file of globSync('crds/*.yaml', { cwd: root }).sort()) {
    const { name, text } = crdPage(readFileSync(join(root, file), 'utf8'), file);
    pages.set(`docs/reference/${name}.md`, text);
  }
  for (const file of globSync('*/src/config.ts', { cwd: root }).sort()) {
    const { name, text } = await flagsPage(join(root, file), file);
    pages.set(`docs/reference/${name}.md`, text);
  }
  const protos = loadProtos(join(root, 'proto'));
  for (const [file, text] of [...wireTypes(protos), ...grpcPages(protos)]) pages.set(file, text);
  pages.set(NOTICES, noticesPage(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  pages.set(KERNELS, await kernelsModule(root));
  return pages;
}

function onDisk(root: string): Map<string, string> {
  const found = GENERATED_FOLDERS.flatMap((folder) => globSync(`${folder}/*`, { cwd: root }));
  const files = [...found, NOTICES].filter((file) => existsSync(join(root, file)));
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

/** The files that differ from what they should hold, those that are missing and those too many, in order. */
export function staleFiles(wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const all = new Set([...wanted.keys(), ...found.keys()]);
  return [...all].filter((file) => wanted.get(file) !== found.get(file)).sort();
}

function write(path: string, text: string | undefined): void {
  if (text === undefined) {
    rmSync(path);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const wanted = await generated(root);
  const stale = staleFiles(wanted, onDisk(root));
  if (!values.check) for (const file of stale) write(join(root, file), wanted.get(file));
  if (stale.length > 0) {
    process.stdout.write(`${values.check ? 'out of date (run npm run generate)' : 'written'}: ${stale.join(', ')}\n`);
  }
  process.exitCode = values.check && stale.length > 0 ? 1 : 0;
}
