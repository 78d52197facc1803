/**
 * Media types: what a client accepts, and how a body is read. Answers are JSON; YAML and protobuf are only read, their
 * clients take JSON too.
 */
import { parse } from 'yaml';
import { ApiError } from '../api-error.ts';
import { decodeProtobuf, protobufType } from './protobuf.ts';

export type Representation = 'object' | 'Table' | 'PartialObjectMetadata';

export interface MediaRange {
  type: string;
  parameters: Readonly<Record<string, string>>;
}

/** The ranges of an Accept header, best first. */
export function parseAccept(header: string | undefined): MediaRange[] {
  const ranges = (header ?? '*/*').split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const pairs = parameters.map((parameter) => {
      const [key = '', value = ''] = parameter.split('=');
      return [key.trim(), value.trim()] as const;
    });
    return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) };
  });
  const quality = ({ parameters }: MediaRange): number => Number(parameters.q ?? 1) || 0;
  return ranges.filter((range) => quality(range) > 0).sort((left, right) => quality(right) - quality(left));
}

export const isJson = ({ type }: { type: string }): boolean =>
  ['application/json', 'application/*', '*/*'].includes(type);

const representations: ReadonlyMap<string | undefined, Representation> = new Map([
  [undefined, 'object'],
  ['Table', 'Table'],
  ['PartialObjectMetadata', 'PartialObjectMetadata'],
  ['PartialObjectMetadataList', 'PartialObjectMetadata'],
]);

/** How to show objects. Thrown when nothing on offer is accepted: 406. */
export function negotiate(header: string | undefined): Representation {
  for (const { parameters } of parseAccept(header).filter(isJson)) {
    const { as, g: group, v: version } = parameters;
    const known = as === undefined || (group === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1'));
    const representation = known ? representations.get(as) : undefined;
    if (representation !== undefined) return representation;
  }
  throw ApiError.notAcceptable('application/json');
}

export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const yamlTypes: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'application/apply-patch+yaml',
]);

/**
 * Reads a body as its media type says; no media type is JSON. Thrown for a type that is not read: 415; for a broken
 * body: 400.
 */
export function parseBody(body: Buffer, mediaType: string): unknown {
  if (mediaType === protobufType) return decodeProtobuf(body);
  const yaml = yamlTypes.has(mediaType);
  if (!yaml && mediaType !== '' && !/^application\/([a-z-]+\+)?json$/.test(mediaType)) {
    const accepted = 'accepted media types include: application/json, application/yaml';
    throw ApiError.unsupportedMediaType(`the body of the request was in an unknown format - ${accepted}`);
  }
  const text = body.toString('utf8');
  try {
    // The alias limit keeps a small document from unfolding into a large one.
    return yaml ? (parse(text, { maxAliasCount: 100, logLevel: 'silent' }) as unknown) : (JSON.parse(text) as unknown);
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'malformed';
    throw ApiError.badRequest(`couldn't get version/kind; ${yaml ? 'yaml' : 'json'} parse error: ${why ?? ''}`);
  }
}
