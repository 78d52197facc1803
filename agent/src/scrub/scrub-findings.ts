/** What a scrub tells people of shards that are not all right: the latest, with a limit, and how many more there were. */
import { CoucheStorError } from '@couchestor/common/base';
import { parseShardPath, pathOfShard, type ShardName } from '../shards/index.ts';
import { FieldReader } from '../store/index.ts';
import type { ShardResult } from './shard-examination.ts';

const FINDING_KINDS = ['corrupt', 'missing', 'unreadable'] as const;

export interface ScrubFinding {
  readonly name: ShardName;
  /** In which it was found. */
  readonly pass: number;
  /** Wall time in milliseconds since the epoch; for people. */
  readonly foundAt: number;
  readonly kind: (typeof FINDING_KINDS)[number];
  /** A clause for people. */
  readonly detail: string;
}

export interface ScrubFindings {
  /** At most one of a shard; the latest come last. */
  readonly findings: readonly ScrubFinding[];
  /** Of this pass: there was no room for them. */
  readonly droppedFindings: number;
}

export const MAX_FINDINGS = 1000;

const MAX_DETAIL_LENGTH = 500;

const MAX_NAMED_BLOCKS = 8;

/** What is known after this shard was looked at; an earlier finding of it is gone. */
export function withResult(
  { findings, droppedFindings }: ScrubFindings,
  shard: Pick<ScrubFinding, 'name' | 'pass' | 'foundAt'>,
  result: ShardResult,
): ScrubFindings {
  const path = pathOfShard(shard.name);
  const others = findings.filter(({ name }) => pathOfShard(name) !== path);
  if (result.kind === 'ok' || result.kind === 'vanished') return { findings: others, droppedFindings };
  const { kind } = result;
  const all = [...others, { ...shard, kind, detail: detailOf(result).slice(0, MAX_DETAIL_LENGTH) }];
  const kept = all.slice(-MAX_FINDINGS);
  const dropped = all.slice(0, -MAX_FINDINGS).filter(({ pass }) => pass === shard.pass);
  return { findings: kept, droppedFindings: droppedFindings + dropped.length };
}

function detailOf(result: Extract<ShardResult, { kind: (typeof FINDING_KINDS)[number] }>): string {
  switch (result.kind) {
    case 'missing':
      return `${result.reason}: ${result.detail}`;
    case 'unreadable':
      return result.error.message;
    case 'corrupt': {
      const { blocks } = result;
      const more = blocks.length - MAX_NAMED_BLOCKS;
      const named = blocks.slice(0, MAX_NAMED_BLOCKS).join(', ');
      return `blocks ${named}${more > 0 ? ` and ${more} more` : ''} do not fit their checksums`;
    }
  }
}

/** As JSON. */
export function findingsAsJson(findings: readonly ScrubFinding[]): readonly unknown[] {
  return findings.map(({ name, ...finding }) => ({ shard: pathOfShard(name), ...finding }));
}

/** @throws CoucheStorError `invalid`, naming the field, for what findingsAsJson() does not give. */
export function parseFindings(value: unknown): ScrubFinding[] {
  if (!Array.isArray(value) || value.length > MAX_FINDINGS)
    throw refusal('findings', `at most ${MAX_FINDINGS} findings`);
  return value.map((item, index) => parseFinding(FieldReader.of(item, `scrub.findings[${index}]`)));
}

function parseFinding(reader: FieldReader): ScrubFinding {
  const name = parseShardPath(reader.text('shard'));
  const finding = {
    name,
    pass: reader.count('pass'),
    foundAt: reader.count('foundAt'),
    kind: reader.oneOf('kind', FINDING_KINDS),
    detail: textOf(reader.take('detail'), 'detail'),
  };
  reader.end();
  return finding;
}

/** Of any characters. */
export function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string') throw refusal(field, 'a text');
  return value;
}

export function refusal(field: string, wanted: string): CoucheStorError {
  return new CoucheStorError('invalid', `scrub.${field}: is not ${wanted}; scrub the pool anew.`, {
    fields: { field: `scrub.${field}` },
  });
}
