/** The contracts of `proto/`, parsed: with the names that the files have, and with their comments. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

export interface LoadedProtos {
  readonly root: protobuf.Root;
  /** Relative to the folder, in order. */
  readonly files: readonly string[];
}

/** @throws Error of the parser, which names the file and the line. */
export function loadProtos(folder: string): LoadedProtos {
  const files = globSync('**/*.proto', { cwd: folder }).sort();
  const root = new protobuf.Root();
  // Imports begin at the folder; those of google/protobuf are built into the parser.
  root.resolvePath = (_, target) => (existsSync(join(folder, target)) ? join(folder, target) : target);
  root.loadSync(files, { alternateCommentMode: true, keepCase: true });
  root.resolveAll();
  return { root, files };
}

/** Everything in a package and below it, in the order of the files. */
export function reflectionsOf(namespace: protobuf.NamespaceBase): protobuf.ReflectionObject[] {
  return namespace.nestedArray.flatMap((object) => [
    object,
    ...(object instanceof protobuf.Namespace ? reflectionsOf(object) : []),
  ]);
}

/** The packages of this project, each with a version: `couchestor.agent.v1`. */
export function packagesOf(root: protobuf.Root): protobuf.NamespaceBase[] {
  const isContent = (object: protobuf.ReflectionObject): boolean =>
    object instanceof protobuf.Type || object instanceof protobuf.Enum || object instanceof protobuf.Service;
  const all = reflectionsOf(root).filter((object) => object instanceof protobuf.Namespace);
  return all.filter(
    (object) =>
      !isContent(object) &&
      object.fullName.startsWith('.couchestor.') &&
      object.nestedArray.some((one) => isContent(one)),
  );
}

/** Without the one that the parser makes for every `optional`. */
export function oneofsOf(type: protobuf.Type): protobuf.OneOf[] {
  return type.oneofsArray.filter((oneof) => !oneof.isProto3Optional);
}

/** The oneof of a field that is written as one. */
export function oneofOf(field: protobuf.Field): protobuf.OneOf | null {
  return field.partOf === null || field.partOf.isProto3Optional ? null : field.partOf;
}

/** Whether its absence is told from its default. */
export function isOptional(field: protobuf.Field): boolean {
  return field.partOf?.isProto3Optional === true;
}

/** In full, without the dot at the start. */
export function fullNameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
