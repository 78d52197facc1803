import { describe, expect, it } from '@jest/globals';
import { incompatibilities } from './compatibility.ts';
import { currentDescriptor, descriptorOf, releasedDescriptor } from './released.ts';
import { withProtos } from './scratch-protos.fixture.ts';

const RELEASED = `
  syntax = "proto3";
  package couchestor.test.v1;
  enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; }
  message Part { string name = 1; }
  message Thing {
    uint64 size = 1;
    repeated string names = 2;
    optional string label = 3;
    Kind kind = 4;
    Part part = 5;
    map<string, string> notes = 6;
    oneof choice { string left = 7; string right = 8; }
  }
  service ThingService { rpc Get(Thing) returns (stream Part); }
`;

const after = (change: (text: string) => string): string[] => {
  const changed = change(RELEASED);
  expect(changed).not.toBe(RELEASED);
  const [was, is] = [RELEASED, changed].map((text) =>
    withProtos({ 'couchestor/test/v1/thing.proto': text }, descriptorOf),
  );
  return incompatibilities(was!, is!);
};

const replaced = (from: string, to: string): string[] => after((text) => text.replace(from, to));

describe('the contracts', () => {
  it('are understood by programs of the last release', () => {
    expect(incompatibilities(releasedDescriptor(), currentDescriptor())).toEqual([]);
  });
});

describe('a change that an older program does not understand', () => {
  it.each([
    ['a removed field', 'uint64 size = 1;', '', 'couchestor.test.v1.Thing.size: is gone'],
    [
      'a removed field whose number is reserved',
      'uint64 size = 1;',
      'reserved 1;',
      'couchestor.test.v1.Thing.size: is gone',
    ],
    ['a renamed field', 'uint64 size', 'uint64 bytes', 'couchestor.test.v1.Thing.size: is gone'],
    ['a renumbered field', 'size = 1', 'size = 9', 'couchestor.test.v1.Thing.size: id was 1, and is 9'],
    [
      'a retyped field',
      'uint64 size',
      'fixed64 size',
      'couchestor.test.v1.Thing.size: type was "uint64", and is "fixed64"',
    ],
    [
      'a field of another message',
      'Part part',
      'Thing part',
      'couchestor.test.v1.Thing.part: type was "Part", and is "Thing"',
    ],
    [
      'a field that no longer repeats',
      'repeated string',
      'string',
      'couchestor.test.v1.Thing.names: rule was "repeated", and is undefined',
    ],
    [
      'a field that is no longer optional',
      'optional string',
      'string',
      'couchestor.test.v1.Thing.label: proto3_optional was true, and is undefined',
    ],
    [
      'a map with other keys',
      'map<string',
      'map<uint32',
      'couchestor.test.v1.Thing.notes: keyType was "string", and is "uint32"',
    ],
    [
      'a field that has left its oneof',
      'string right = 8; }',
      '} string right = 8;',
      'couchestor.test.v1.Thing.right: oneof was "choice", and is undefined',
    ],
    ['a renumbered value', 'KIND_ONE = 1', 'KIND_ONE = 2', 'couchestor.test.v1.Kind.KIND_ONE: was 1, and is 2'],
    ['a removed value', 'KIND_ONE = 1;', '', 'couchestor.test.v1.Kind.KIND_ONE: is gone'],
    ['a removed method', 'rpc Get(Thing) returns (stream Part);', '', 'couchestor.test.v1.ThingService.Get: is gone'],
    [
      'a method that takes another message',
      'Get(Thing)',
      'Get(Part)',
      'couchestor.test.v1.ThingService.Get: requestType was "Thing", and is "Part"',
    ],
    [
      'a method that streams no more',
      '(stream Part)',
      '(Part)',
      'couchestor.test.v1.ThingService.Get: responseStream was true, and is undefined',
    ],
  ])('is found: %s', (_, from, to, found) => {
    expect(replaced(from, to)).toContain(found);
  });

  it.each(['message Part', 'enum Kind', 'service ThingService'])('is found: %s is gone', (what) => {
    const name = what.split(' ')[1] ?? '';
    expect(after((text) => text.replaceAll(name, `New${name}`))).toContain(`couchestor.test.v1.${name}: is gone`);
  });
});

describe('a change that an older program understands', () => {
  it.each([
    ['a new field', 'uint64 size = 1;', 'uint64 size = 1; uint64 other = 20;'],
    ['a new value', 'KIND_ONE = 1;', 'KIND_ONE = 1; KIND_TWO = 2;'],
    ['a new message', 'message Part', 'message New { bool it = 1; } message Part'],
    ['a new method', 'rpc Get', 'rpc Put(Thing) returns (Part); rpc Get'],
    ['a comment', 'uint64 size', '// How large.\n uint64 size'],
    ['what is deprecated', 'size = 1', 'size = 1 [deprecated = true]'],
  ])('is let be: %s', (_, from, to) => {
    expect(replaced(from, to)).toEqual([]);
  });
});
