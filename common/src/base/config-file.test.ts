import { describe, expect, it } from '@jest/globals';
import { readConfigFile } from './config-file.ts';
import type { SourceReading } from './config-source.ts';
import type { ConfigSpec } from './config-spec.ts';

const SPEC: ConfigSpec = {
  name: { type: 'string', flag: 'name', description: 'Name.' },
  dryRun: { type: 'boolean', flag: 'dry-run', description: 'Only look.' },
};

function read(content: string): SourceReading {
  return readConfigFile(SPEC, 'c.yaml', () => content);
}

describe('readConfigFile', () => {
  it.each([
    ['name: pvc', 'pvc'],
    ['name: 007', '007'],
    ['name: 1e3', '1e3'],
    ['name: yes', 'yes'],
    ['name: null', 'null'],
    ['name: "a b" # comment', 'a b'],
    ["name: ''", ''],
    ['name: |\n  two\n  lines\n', 'two\nlines\n'],
    ['{"name": "json"}', 'json'],
    ['---\nname: a\n...\n', 'a'],
  ])('takes the value of %j as it is written', (content, text) => {
    const { given, problems, readable } = read(content);
    expect([problems, readable]).toEqual([[], true]);
    expect(given.get('name')).toEqual({ source: 'file key name', text });
  });

  it.each(['', '\n', '# only a comment\n', '---\n', '{}'])('finds nothing in %j', (content) => {
    expect(read(content)).toEqual({ given: new Map(), problems: [], readable: true });
  });

  it.each([
    ['nam: x', 'file key "nam": does not exist; did you mean name?'],
    ['dry-run: true', 'file key "dry-run": does not exist; did you mean dryRun?'],
    ['prometheus: x', 'file key "prometheus": does not exist; see --help.'],
    ['__proto__: x', 'file key "__proto__": does not exist; see --help.'],
    ['[a]: x', 'file key "": does not exist; see --help.'],
    ['name:', 'file key name: has no value; write one or remove the key.'],
    ['? name', 'file key name: has no value; write one or remove the key.'],
    ['name: [a]', 'file key name: is not a single value; write "name: value".'],
    ['name: {a: b}', 'file key name: is not a single value; write "name: value".'],
    ['dryRun: &a x\nname: *a', 'file key name: is not a single value; write "name: value".'],
  ])('reports one problem in %j and keeps the rest', (content, problem) => {
    const { problems, readable } = read(content);
    expect([problems, readable]).toEqual([[problem], true]);
  });

  it.each([
    ['name: a\nname: b', 'file "c.yaml": line 2 is not plain YAML (DUPLICATE_KEY).'],
    ['name: a: b', 'file "c.yaml": line 1 is not plain YAML (BLOCK_AS_IMPLICIT_KEY).'],
    ['name: !secret x', 'file "c.yaml": line 1 is not plain YAML (TAG_RESOLVE_FAILED).'],
    ['name: a\n---\nname: b', 'file "c.yaml": line 2 is not plain YAML (MULTIPLE_DOCS).'],
    ['- name', 'file "c.yaml": is not a mapping; write one "key: value" a line.'],
    ['name', 'file "c.yaml": is not a mapping; write one "key: value" a line.'],
  ])('cannot read %j as a whole', (content, problem) => {
    const { given, problems, readable } = read(content);
    expect([given.size, problems, readable]).toEqual([0, [problem], false]);
  });
});
