/**
 * Writes every file that is derived from another: the reference pages of the CRDs and of the processes' flags, and the
 * third-party notices. `--check` writes nothing and fails when a file on disk is not what would be written.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crdPage } from './generate/crd-page.ts';
import { flagsPage } from './generate/flags-page.ts';
import { noticesPage } from './generate/notices-page.ts';

const root = join(import.meta.dirname, '..');

async function generated(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const file of globSync('crds/*.yaml', { cwd: root }).sort()) {
    const { name, text } = crdPage(readFileSync(join(root, file), 'utf8'), file);
    pages.set(`docs/reference/${name}.md`, text);
  }
  for (const file of globSync('*/src/config.ts', { cwd: root }).sort()) {
    const { name, text } = await flagsPage(join(root, file), file);
    pages.set(`docs/reference/${name}.md`, text);
  }
  pages.set('THIRD_PARTY_NOTICES.md', noticesPage(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return pages;
}

const checkOnly = process.argv.includes('--check');
const stale: string[] = [];
for (const [file, text] of await generated()) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale.push(file);
  if (checkOnly) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
if (stale.length > 0) {
  process.stdout.write(`${checkOnly ? 'out of date (run npm run generate)' : 'written'}: ${stale.join(', ')}\n`);
  process.exitCode = checkOnly ? 1 : 0;
}
