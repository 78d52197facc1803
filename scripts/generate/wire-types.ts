/**
 * The types of the messages as the wire library hands them over, and the descriptor that it is made of. 64-bit numbers are numbers,
 * enums are their names, a oneof is a union that its name tells apart, and what is absent is null (messages) or not there (optional
 * and members of a oneof).
 */
import { dirname } from 'node:path';
import protobuf from 'protobufjs';
import {
  camelCase,
  fullNameOf,
  isOptional,
  oneofOf,
  oneofsOf,
  packagesOf,
  reflectionsOf,
  type LoadedProtos,
} from '../proto/load-protos.ts';

const SCALARS: Readonly<Record<string, string>> = { string: 'string', bool: 'boolean', bytes: 'Uint8Array' };

/** By path: the descriptor, and one file of types for each package. */
export function wireTypes({ root }: LoadedProtos): Map<string, string> {
  const packages = packagesOf(root);
  const folder = 'common/src/wire/generated';
  const files = packages.map((one): [string, string] => [`${folder}/${moduleOf(fullNameOf(one))}.ts`, typesOf(one)]);
  return new Map([...files, [`${folder}/descriptor.ts`, descriptorModule(root)]]);
}

/** `couchestor.agent.v1` is `agent-v1`. */
export function moduleOf(packageName: string): string {
  return packageName.split('.').slice(1).join('-');
}

function descriptorModule(root: protobuf.Root): string {
  return `// Generated from proto/ by npm run generate.

/** All packages in the form of protobufjs, with the names that proto/ has. */
export const DESCRIPTOR: { readonly nested: object } = ${JSON.stringify(root.toJSON({ keepComments: false }), null, 1)};
`;
}

function typesOf(one: protobuf.NamespaceBase): string {
  const source = `proto/${dirname(fullNameOf(one).replaceAll('.', '/') + '/x')}`;
  const objects = reflectionsOf(one);
  const texts = objects.flatMap((object) => {
    if (object instanceof protobuf.Enum) return [enumText(object)];
    if (object instanceof protobuf.Service) return [serviceText(object)];
    return object instanceof protobuf.Type ? [messageText(object)] : [];
  });
  const hasServices = objects.some((object) => object instanceof protobuf.Service);
  const imports = [
    ...(hasServices ? [`import type { Method } from '../method.ts';`] : []),
    ...foreignTypes(one).map(([module, names]) => `import type { ${names.join(', ')} } from './${module}.ts';`),
  ];
  return [`// Generated from ${source} by npm run generate.`, imports.join('\n'), ...texts]
    .filter((text) => text !== '')
    .join('\n\n')
    .concat('\n');
}

/** Types of other packages that this one mentions, by module. */
function foreignTypes(one: protobuf.NamespaceBase): [module: string, names: string[]][] {
  const modules = new Map<string, Set<string>>();
  const fields = reflectionsOf(one).flatMap((object) => (object instanceof protobuf.Type ? object.fieldsArray : []));
  for (const { resolvedType } of fields) {
    if (resolvedType === null || resolvedType.parent === one || resolvedType.parent === null) continue;
    const module = moduleOf(fullNameOf(resolvedType.parent));
    modules.set(module, (modules.get(module) ?? new Set()).add(resolvedType.name));
  }
  return [...modules].map(([module, names]): [string, string[]] => [module, [...names].sort()]).sort();
}

function enumText(type: protobuf.Enum): string {
  const names = Object.keys(type.values).map((name) => `  /** ${type.comments[name] ?? ''} */\n  | '${name}'`);
  const newer = '  /** A value that this program does not know. */\n  | number';
  return `${comment(type)}export type ${type.name} =\n${[...names, newer].join('\n')};`;
}

function messageText(type: protobuf.Type): string {
  const fields = type.fieldsArray.filter((field) => oneofOf(field) === null).map((field) => fieldText(field));
  const oneofs = oneofsOf(type);
  if (oneofs.length === 0) return `${comment(type)}export interface ${type.name} {\n${fields.join('\n')}\n}`;
  const own = fields.length === 0 ? [] : [`{\n${fields.join('\n')}\n}`];
  return `${comment(type)}export type ${type.name} = ${[...own, ...oneofs.map(oneofText)].join(' & ')};`;
}

function fieldText(field: protobuf.Field): string {
  const name = camelCase(field.name);
  return `${comment(field, '  ')}  readonly ${name}${isOptional(field) ? '?' : ''}: ${typeOf(field)};`;
}

function oneofText(oneof: protobuf.OneOf): string {
  const name = camelCase(oneof.name);
  const arms = oneof.fieldsArray.map(
    (field) => `{\n  readonly ${name}: '${camelCase(field.name)}';\n${fieldText(field).replace(' | null', '')}\n}`,
  );
  return `(${[...arms, `{ readonly ${name}?: undefined }`].join(' | ')})`;
}

function typeOf(field: protobuf.Field): string {
  const isMessage = field.resolvedType instanceof protobuf.Type;
  const one = field.resolvedType?.name ?? SCALARS[field.type] ?? 'number';
  if (field.map) return `Readonly<Record<string, ${one}>>`;
  if (field.repeated) return `readonly ${one}[]`;
  if (isOptional(field)) return `${one} | undefined`;
  return isMessage ? `${one} | null` : one;
}

function serviceText(service: protobuf.Service): string {
  const methods = service.methodsArray.map((method) => {
    const streams = `${method.requestStream === true}, ${method.responseStream === true}`;
    return `${comment(method, '  ')}  readonly ${method.name}: Method<${method.requestType}, ${method.responseType}, ${streams}>;`;
  });
  return `${comment(service)}export interface ${service.name} {\n${methods.join('\n')}\n}`;
}

function comment(object: protobuf.ReflectionObject, indent = ''): string {
  return `${indent}/** ${(object.comment ?? '').replaceAll('\n', ' ')} */\n`;
}
