/**
 * Media types: what a client accepts, and how a body is read. Protobuf is read but not written; its clients offer JSON
 * too.
 */
import { parse, stringify } from 'yaml';
import { ApiError } from '../api-error.ts';
import { decodeProtobuf, protobufType } from './protobuf.ts';

export type Representation = 'object' | 'Table' | 'PartialObjectMetadata';

export interface Accepted {
  format: 'json' | 'yaml';
  as: Representation;
}

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

const formats: Readonly<Record<string, Accepted['format']>> = {
  '*/*': 'json',
  'application/*': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
};

const representations: Readonly<Record<string, Representation>> = {
  Table: 'Table',
  PartialObjectMetadata: 'PartialObjectMetadata',
  PartialObjectMetadataList: 'PartialObjectMetadata',
};

/** How to answer. Thrown when nothing on offer is accepted: 406. */
export function negotiate(header: string | undefined): Accepted {
  for (const { type, parameters } of parseAccept(header)) {
    const format = Object.hasOwn(formats, type) ? formats[type] : undefined;
    if (format === undefined) continue;
    const { as, g: group, v: version } = parameters;
    if (as === undefined) return { format, as: 'object' };
    const representation = Object.hasOwn(representations, as) ? representations[as] : undefined;
    const known = group === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');
    if (known && representation !== undefined) return { format, as: representation };
  }
  throw ApiError.notAcceptable('application/json, application/yaml');
}

export function encode(value: unknown, format: Accepted['format']): { contentType: string; body: string } {
  return format === 'json'
    ? { contentType: 'application/json', body: JSON.stringify(value) }
    : { contentType: 'application/yaml', body: stringify(value, { aliasDuplicateObjects: false }) };
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
    const accepted = 'application/json, application/yaml';
    throw ApiError.unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
    );
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
