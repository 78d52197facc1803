/** What the files of `proto/` have to hold to, in the manner of buf: packages, versions, names, comments, numbers. */
import protobuf from 'protobufjs';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fullNameOf, loadProtos, oneofsOf, packagesOf, reflectionsOf } from './load-protos.ts';

const PASCAL = /^[A-Z][A-Za-z0-9]*$/;
const SNAKE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const CONSTANT = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** Each as `where: what`; empty when all is well. Files of other projects are let be. */
export function protoFaults(folder: string): string[] {
  const { root, files } = loadProtos(folder);
  const own = files.filter((file) => file.startsWith('couchestor/'));
  const objects = packagesOf(root).flatMap(reflectionsOf);
  return [
    ...own.flatMap((file) => fileFaults(file, readFileSync(join(folder, file), 'utf8'))),
    ...objects.flatMap(objectFaults),
    ...sharedMessages(objects),
  ];
}

function fileFaults(file: string, text: string): string[] {
  const name = /^package ([\w.]+);$/m.exec(text)?.[1] ?? '';
  return faultsOf(file, [
    [/^\/\/ \S/.test(text), 'opens with what it is'],
    [text.includes('\nsyntax = "proto3";\n'), 'says syntax = "proto3"'],
    [name.replaceAll('.', '/') === dirname(file), 'lies in the folder of its package'],
    [/\.v[1-9][0-9]*$/.test(name), 'is of a package with a version'],
    [/\/[a-z0-9]+(_[a-z0-9]+)*\.proto$/.test(file), 'has a name in lower case with underscores'],
  ]);
}

function objectFaults(object: protobuf.ReflectionObject): string[] {
  const where = fullNameOf(object);
  const own = faultsOf(where, [
    [PASCAL.test(object.name), 'has a name in PascalCase'],
    [isSaid(object.comment), 'has a comment of whole sentences'],
  ]);
  if (object instanceof protobuf.Type) return [...own, ...messageFaults(object)];
  if (object instanceof protobuf.Enum) return [...own, ...enumFaults(object)];
  if (object instanceof protobuf.Service) return [...own, ...serviceFaults(object)];
  return own;
}

function messageFaults(type: protobuf.Type): string[] {
  const ids = new Set(type.fieldsArray.map(({ id }) => id));
  const gaps = Array.from({ length: Math.max(0, ...ids) }, (_, at) => at + 1).filter(
    (id) => !ids.has(id) && !type.isReservedId(id),
  );
  return [
    ...[...type.fieldsArray, ...oneofsOf(type)].flatMap((member) =>
      faultsOf(fullNameOf(member), [
        [SNAKE.test(member.name), 'has a name in lower case with underscores'],
        [isSaid(member.comment), 'has a comment of whole sentences'],
      ]),
    ),
    ...gaps.map((id) => `${fullNameOf(type)}: number ${id} is skipped, and not reserved`),
  ];
}

function enumFaults(type: protobuf.Enum): string[] {
  const prefix = type.name.replace(/(?!^)([A-Z])/g, '_$1').toUpperCase();
  const values = Object.entries(type.values);
  return [
    ...faultsOf(fullNameOf(type), [
      [type.values[`${prefix}_UNSPECIFIED`] === 0, `begins with ${prefix}_UNSPECIFIED = 0`],
    ]),
    ...values.flatMap(([name]) =>
      faultsOf(`${fullNameOf(type)}.${name}`, [
        [CONSTANT.test(name) && name.startsWith(`${prefix}_`), `has a name that begins with ${prefix}_`],
        [isSaid(type.comments[name] ?? null), 'has a comment of whole sentences'],
      ]),
    ),
  ];
}

function serviceFaults(service: protobuf.Service): string[] {
  return [
    ...faultsOf(fullNameOf(service), [[service.name.endsWith('Service'), 'has a name that ends in Service']]),
    ...service.methodsArray.flatMap((method) =>
      faultsOf(fullNameOf(method), [
        [PASCAL.test(method.name), 'has a name in PascalCase'],
        [isSaid(method.comment), 'has a comment of whole sentences'],
        [method.requestType === `${method.name}Request`, `takes a ${method.name}Request`],
        [method.responseType === `${method.name}Response`, `returns a ${method.name}Response`],
      ]),
    ),
  ];
}

/** Two methods of one name in a package would have to share their messages, and could then not change alone. */
function sharedMessages(objects: readonly protobuf.ReflectionObject[]): string[] {
  const seen = new Set<string>();
  return objects
    .filter((object) => object instanceof protobuf.Service)
    .flatMap((service) => service.methodsArray)
    .filter(({ resolvedRequestType }) => seen.size === seen.add(resolvedRequestType?.fullName ?? '').size)
    .map((method) => `${fullNameOf(method)}: shares its messages with another method`);
}

function isSaid(comment: string | null): boolean {
  return comment !== null && /^[A-Z].*[.:]$/s.test(comment);
}

function faultsOf(where: string, rules: readonly (readonly [holds: boolean, rule: string])[]): string[] {
  return rules.filter(([holds]) => !holds).map(([, rule]) => `${where}: not so: ${rule}`);
}
