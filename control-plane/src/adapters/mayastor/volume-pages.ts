/**
 * All volumes, page by page. A page starts at an offset into a map whose last entry takes the place of one that is deleted
 * (mayastor-control-plane keeps its volumes in an IndexMap), so a walk over several pages can miss a volume that was there all
 * the time. What it then has instead is the deleted one, so a walk is complete when the next one still has all that it had:
 * several pages are walked until that is so. A single page is of one moment.
 */
import { CoucheStorError, type VolumeId } from '@couchestor/common/base';
import { Place } from './json-fields.ts';
import { readVolume, type ReadVolume } from './read-volume.ts';
import type { RestClient } from './rest-client.ts';

export interface PageLimits {
  /** Entries asked for at once. */
  readonly pageSize: number;
  /** An answer that goes on for longer is taken for one that never ends. */
  readonly maxPages: number;
  /** Walks in all, when volumes are deleted meanwhile. */
  readonly maxWalks: number;
}

/** A page of 1,000 volumes stays well below the 4 MiB that gRPC allows an answer behind the REST API. */
export const DEFAULT_PAGE_LIMITS: PageLimits = { pageSize: 1_000, maxPages: 1_000, maxWalks: 4 };

const PATH = '/v0/volumes';

type Volumes = Map<VolumeId, ReadVolume>;
type Client = Pick<RestClient, 'get'>;

/** Every volume once. Thrown when not all of them can be had: CoucheStorError. */
export async function readVolumes(
  client: Client,
  limits: PageLimits,
  signal: AbortSignal,
): Promise<readonly ReadVolume[]> {
  let before = await walk(client, limits, signal);
  if (before.pageCount <= 1) return [...before.volumes.values()];
  for (let count = 2; count <= limits.maxWalks; count += 1) {
    const { volumes, pageCount } = await walk(client, limits, signal);
    if ([...before.volumes.keys()].every((id) => volumes.has(id))) return [...volumes.values()];
    before = { volumes, pageCount };
  }
  const message = `Volumes went while Mayastor listed them, ${limits.maxWalks} times in a row; no list is complete.`;
  throw new CoucheStorError('unavailable', message, { fields: { path: PATH } });
}

async function walk(
  client: Client,
  { pageSize, maxPages }: PageLimits,
  signal: AbortSignal,
): Promise<{ readonly volumes: Volumes; readonly pageCount: number }> {
  const volumes: Volumes = new Map();
  const seen = new Set<string>();
  let token: string | undefined;
  for (let pageCount = 1; pageCount <= maxPages; pageCount += 1) {
    const query = { max_entries: pageSize, ...(token === undefined ? {} : { starting_token: token }) };
    token = takePage(await client.get(PATH, query, signal), volumes);
    if (token === undefined) return { volumes, pageCount };
    if (seen.has(token)) throw pagingError(`Mayastor named page ${token} of its volumes twice.`);
    seen.add(token);
  }
  throw pagingError(`Mayastor's volumes do not end after ${maxPages} pages.`);
}

/** Returns the token of the next page. */
function takePage(body: unknown, volumes: Volumes): string | undefined {
  const place = new Place(PATH);
  const page = place.object(body);
  const entriesAt = place.at('entries');
  for (const [index, entry] of entriesAt.array(page.entries).entries()) {
    const volume = readVolume(entry, entriesAt.at(index));
    volumes.set(volume.facts.volumeId, volume);
  }
  const { next_token: next } = page;
  if (next === undefined || next === null) return undefined;
  if (typeof next === 'string' && next !== '') return next;
  if (typeof next === 'number' && Number.isInteger(next)) return String(next);
  throw place.at('next_token').refuse('a token');
}

function pagingError(message: string): CoucheStorError {
  return new CoucheStorError('unsupported', message, { fields: { path: PATH, field: 'next_token' } });
}
