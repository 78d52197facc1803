/**
 * Lists every field of a spec in crds/, every flag and every environment variable that no test observes. To observe one is
 * to show that changing it changes what the program does; the test says so in a comment directly above it:
 *
 *     // observes: StoragePolicy.spec.samplingWindow, StoragePolicy.spec.{enabled,dryRun}
 *     // observes: --port, COUCHESTOR_PORT
 *     it('…', …
 *
 * Fields are named from the kind on, with `[]` after a list of objects; a map or a list of plain values is one field. Flags
 * and variables are those of the `options` that a `config.ts` exports; a test counts for the options of its own workspace,
 * and one below test/ for all. A comment that names nothing known, or stands at no test, is a problem too.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeOptions, type ConfigSpec } from '@couchestor/common/base';
import { parse } from 'yaml';

/** Something that a test has to observe; `workspace` is undefined where any test may. */
export interface Observable {
  name: string;
  workspace: string | undefined;
}

export interface Source {
  /** From the root of the repository. */
  file: string;
  text: string;
}

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: unknown;
}

interface Definition {
  spec: {
    names: { kind: string };
    versions: { schema: { openAPIV3Schema: Schema } }[];
  };
}

/** The fields of the specs of all versions of a CustomResourceDefinition. */
export function specFields(definition: Definition): string[] {
  const { names, versions } = definition.spec;
  const fields = versions.flatMap(({ schema }) => {
    const spec = schema.openAPIV3Schema.properties?.spec;
    return spec === undefined ? [] : leaves(spec, `${names.kind}.spec`);
  });
  return [...new Set(fields)];
}

function leaves(schema: Schema, path: string): string[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, child]) => leaves(child, `${path}.${name}`));
  }
  return schema.items?.properties === undefined ? [path] : leaves(schema.items, `${path}[]`);
}

/** The flags and variables of an option specification. */
export function optionNames(spec: ConfigSpec): string[] {
  return describeOptions(spec).flatMap(({ flag, env }) => [`--${flag}`, ...(env === undefined ? [] : [env])]);
}

/** `a.{b,c}, d` names a.b, a.c and d. */
export function namesIn(list: string): string[] {
  return list
    .split(/,(?![^{]*\})/)
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .flatMap(expandBraces);
}

function expandBraces(name: string): string[] {
  const [whole, choices = ''] = /\{([^{}]*)\}/.exec(name) ?? [];
  return whole === undefined
    ? [name]
    : choices.split(',').flatMap((choice) => expandBraces(name.replace(whole, choice.trim())));
}

/** Every problem of what `tests` declare about `observables`, as one line each; empty if all is well. */
export function fieldProblems(observables: readonly Observable[], tests: readonly Source[]): string[] {
  const problems: string[] = [];
  const observed = new Set<Observable>();
  for (const { file, text } of tests) {
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      const list = /^\s*\/\/ observes: (.+)$/.exec(line)?.[1];
      if (list === undefined) continue;
      const at = `${file}:${index + 1}`;
      const next = lines.slice(index + 1).find((following) => !/^\s*\/\//.test(following)) ?? '';
      if (!/^\s*(it|test)\b/.test(next))
        problems.push(`${at}: no test follows; put the comment directly above it( or test(`);
      for (const name of namesIn(list)) {
        const matches = observables.filter((one) => one.name === name && countsFor(file, one));
        for (const match of matches) observed.add(match);
        if (matches.length === 0)
          problems.push(`${at}: ${name} is no field, flag or variable that this test could observe`);
      }
    }
  }
  const missing = observables.filter((one) => !observed.has(one));
  return [
    ...missing.map(
      ({ name, workspace }) => `${name}${workspace === undefined ? '' : ` (${workspace})`}: no test observes it`,
    ),
    ...problems,
  ];
}

function countsFor(file: string, { workspace }: Observable): boolean {
  return workspace === undefined || file.startsWith(`${workspace}/`) || file.startsWith('test/');
}

async function observablesOf(root: string): Promise<Observable[]> {
  const fields = globSync('crds/*.yaml', { cwd: root }).flatMap((file) =>
    specFields(parse(readFileSync(join(root, file), 'utf8')) as Definition),
  );
  const observables: Observable[] = fields.map((name) => ({ name, workspace: undefined }));
  for (const file of globSync('*/src/**/config.ts', { cwd: root })) {
    const module = (await import(pathToFileURL(join(root, file)).href)) as { options?: ConfigSpec };
    const workspace = file.split('/')[0];
    for (const name of optionNames(module.options ?? {})) observables.push({ name, workspace });
  }
  return observables.sort((a, b) => a.name.localeCompare(b.name));
}

function testsOf(root: string): Source[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '*.test.ts'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  // This check's own tests declare things that do not exist.
  const files = listed.split('\n').filter((file) => file !== '' && file !== 'scripts/fields.test.ts');
  return globSync(files, { cwd: root }).map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const observables = await observablesOf(root);
  const problems = fieldProblems(observables, testsOf(root));
  const count = new Set(observables.map(({ name }) => name)).size;
  process.stdout.write(problems.length === 0 ? `${count} fields, flags and variables, each observed by a test\n` : '');
  process.stderr.write(problems.map((problem) => `${problem}\n`).join(''));
  process.exitCode = problems.length === 0 ? 0 : 1;
}
