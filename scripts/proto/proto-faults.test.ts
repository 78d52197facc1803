import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { protoFaults } from './proto-faults.ts';
import { withProtos } from './scratch-protos.fixture.ts';

const GOOD = `// Things.
syntax = "proto3";

package couchestor.test.v1;

// What it is.
enum ThingKind {
  // Not known.
  THING_KIND_UNSPECIFIED = 0;
  // One of them.
  THING_KIND_ONE = 1;
}

// What is asked of Get.
message GetRequest {
  // Was the name.
  reserved 2;
  // The kind.
  ThingKind thing_kind = 1;
  // Which of them it is.
  oneof choice {
    // The left one.
    string left_one = 3;
  }
}

// What Get answers.
message GetResponse {}

// All of it.
service ThingService {
  // Gets it.
  rpc Get(GetRequest) returns (GetResponse);
}
`;

const PATH = 'couchestor/test/v1/thing.proto';

const faults = (text: string, path = PATH): string[] => withProtos({ [path]: text }, protoFaults);

describe('the contracts', () => {
  it('hold to the rules', () => {
    expect(protoFaults(join(import.meta.dirname, '../../proto'))).toEqual([]);
  });
});

describe('the rules', () => {
  it('find nothing where all is well, and let files of others be', () => {
    expect(faults(GOOD)).toEqual([]);
    const foreign = 'syntax = "proto3"; package other.v1; message lower { string Upper = 7; }';
    expect(withProtos({ [PATH]: GOOD, 'other/v1/other.proto': foreign }, protoFaults)).toEqual([]);
  });

  const where = 'couchestor.test.v1';
  it.each([
    ['// Things.\n', '', `${PATH}: not so: opens with what it is`],
    ['package couchestor.test.v1', 'package couchestor.other.v1', `${PATH}: not so: lies in the folder of its package`],
    ['ThingKind', 'thingKind', `${where}.thingKind: not so: has a name in PascalCase`],
    ['// What it is.\n', '', `${where}.ThingKind: not so: has a comment of whole sentences`],
    ['// What it is.', '// what it is', `${where}.ThingKind: not so: has a comment of whole sentences`],
    ['THING_KIND_UNSPECIFIED', 'THING_KIND_NONE', `${where}.ThingKind: not so: begins with THING_KIND_UNSPECIFIED = 0`],
    ['THING_KIND_ONE', 'ONE', `${where}.ThingKind.ONE: not so: has a name that begins with THING_KIND_`],
    ['  // One of them.\n', '', `${where}.ThingKind.THING_KIND_ONE: not so: has a comment of whole sentences`],
    ['reserved 2;', 'reserved 4;', `${where}.GetRequest: number 2 is skipped, and not reserved`],
    ['thing_kind', 'thingKind', `${where}.GetRequest.thingKind: not so: has a name in lower case with underscores`],
    ['  // The kind.\n', '', `${where}.GetRequest.thing_kind: not so: has a comment of whole sentences`],
    ['  // Which of them it is.\n', '', `${where}.GetRequest.choice: not so: has a comment of whole sentences`],
    ['    // The left one.\n', '', `${where}.GetRequest.left_one: not so: has a comment of whole sentences`],
    ['// What Get answers.\n', '', `${where}.GetResponse: not so: has a comment of whole sentences`],
    ['service ThingService', 'service Things', `${where}.Things: not so: has a name that ends in Service`],
    ['  // Gets it.\n', '', `${where}.ThingService.Get: not so: has a comment of whole sentences`],
    ['Get(GetRequest)', 'Get(GetResponse)', `${where}.ThingService.Get: not so: takes a GetRequest`],
    ['returns (GetResponse)', 'returns (GetRequest)', `${where}.ThingService.Get: not so: returns a GetResponse`],
  ])('find %j as %j', (from, to, found) => {
    expect(GOOD).toContain(from);
    expect(faults(GOOD.replaceAll(from, to))).toContain(found);
  });

  it('find a package without a version, another syntax, and a file in another case', () => {
    const plain = GOOD.replace('couchestor.test.v1', 'couchestor.test');
    expect(faults(plain, 'couchestor/test/thing.proto')).toEqual([
      'couchestor/test/thing.proto: not so: is of a package with a version',
    ]);
    expect(faults(GOOD, 'couchestor/test/v1/Thing.proto')).toEqual([
      'couchestor/test/v1/Thing.proto: not so: has a name in lower case with underscores',
    ]);
    const older = '// Things.\npackage couchestor.test.v1;\n\n// A thing.\nmessage Thing {}\n';
    expect(faults(older)).toEqual([`${PATH}: not so: says syntax = "proto3"`]);
  });

  it('find messages that two methods share', () => {
    const more = `// More.\nservice MoreService {\n  // Gets it.\n  rpc Get(GetRequest) returns (GetResponse);\n}\n`;
    expect(faults(`${GOOD}${more}`)).toEqual([`${where}.MoreService.Get: shares its messages with another method`]);
  });
});
