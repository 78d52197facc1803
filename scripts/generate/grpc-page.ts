/** The reference page of one gRPC package: its services, messages and enums, with the comments of `proto/`. */
import protobuf from 'protobufjs';
import { fullNameOf, isOptional, oneofOf, packagesOf, reflectionsOf, type LoadedProtos } from '../proto/load-protos.ts';
import { table } from './crd-page.ts';
import { moduleOf } from './wire-types.ts';

/** By path. */
export function grpcPages({ root }: LoadedProtos): Map<string, string> {
  return new Map(packagesOf(root).map((one) => [`docs/reference/grpc-${moduleOf(fullNameOf(one))}.md`, page(one)]));
}

function page(one: protobuf.NamespaceBase): string {
  const name = fullNameOf(one);
  const objects = reflectionsOf(one);
  const services = objects.filter((object) => object instanceof protobuf.Service);
  const messages = objects.filter((object) => object instanceof protobuf.Type);
  const enums = objects.filter((object) => object instanceof protobuf.Enum);
  const sections = [
    `<!-- Generated from proto/${name.replaceAll('.', '/')} by npm run generate. -->`,
    `# ${name}`,
    ...services.flatMap(serviceSections),
    ...(messages.length > 0 ? ['## Messages', ...messages.flatMap(messageSections)] : []),
    ...(enums.length > 0 ? ['## Enums', ...enums.flatMap(enumSections)] : []),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function serviceSections(service: protobuf.Service): string[] {
  const rows = service.methodsArray.map((method) => [
    `\`${method.name}\``,
    `${method.requestStream === true ? 'stream of ' : ''}\`${method.requestType}\``,
    `${method.responseStream === true ? 'stream of ' : ''}\`${method.responseType}\``,
    said(method.comment),
  ]);
  return [`## ${service.name}`, said(service.comment), table(['Method', 'Request', 'Response', 'Meaning'], rows)];
}

function messageSections(type: protobuf.Type): string[] {
  const rows = type.fieldsArray.map((field) => {
    const oneof = oneofOf(field);
    return [
      `${field.id}`,
      `\`${field.name}\``,
      typeOf(field),
      oneof === null ? '' : `\`${oneof.name}\``,
      said(field.comment),
    ];
  });
  const fields = rows.length > 0 ? table(['Number', 'Field', 'Type', 'One of', 'Meaning'], rows) : 'No fields.';
  return [`### ${type.name}`, said(type.comment), fields];
}

function typeOf(field: protobuf.Field): string {
  const type = field.type.startsWith('couchestor.') ? field.type : field.type.replace(/^.*\./, '');
  if (field instanceof protobuf.MapField) return `map of ${field.keyType} to ${type}`;
  return `${field.repeated ? '[]' : ''}${type}${isOptional(field) ? ', optional' : ''}`;
}

function enumSections(type: protobuf.Enum): string[] {
  const rows = Object.entries(type.values).map(([name, id]) => [
    `${id}`,
    `\`${name}\``,
    said(type.comments[name] ?? ''),
  ]);
  return [`### ${type.name}`, said(type.comment), table(['Number', 'Value', 'Meaning'], rows)];
}

function said(comment: string | null): string {
  return (comment ?? '').replaceAll('\n', ' ');
}
