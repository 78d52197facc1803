import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { volumeId, volumeJson } from './mayastor.fixture.ts';
import { DEFAULT_PAGE_LIMITS, readVolumes } from './volume-pages.ts';

const { signal } = new AbortController();
type Query = Readonly<Record<string, string | number>>;

/** Volumes in the order of Mayastor's map, of which a deletion puts the last in the place of the deleted one. */
class Registry {
  ids: string[];
  readonly paths: string[] = [];
  /** Runs before each page. */
  beforePage: (page: number) => void = () => undefined;
  nextToken: ((offset: number) => unknown) | undefined;
  #pages = 0;

  constructor(count: number) {
    this.ids = Array.from({ length: count }, (_, index) => volumeId(index));
  }

  remove(id: string): void {
    const index = this.ids.indexOf(id);
    const last = this.ids.pop()!;
    if (index < this.ids.length) this.ids[index] = last;
  }

  get(path: string, query: Query): Promise<unknown> {
    this.paths.push(path);
    this.beforePage((this.#pages += 1));
    const offset = Number(query.starting_token ?? 0);
    const size = Number(query.max_entries);
    const entries = this.ids.slice(offset, offset + size).map((id) => volumeJson({ id }));
    const isLast = offset + size >= this.ids.length;
    const next = this.nextToken?.(offset) ?? (isLast ? undefined : offset + size);
    return Promise.resolve({ entries, ...(next === undefined ? {} : { next_token: next }) });
  }
}

async function read(registry: Registry, limits = {}): Promise<string[]> {
  const volumes = await readVolumes(registry, { ...DEFAULT_PAGE_LIMITS, pageSize: 3, ...limits }, signal);
  return volumes.map(({ facts }) => facts.volumeId);
}

describe('the volumes', () => {
  it('of one page are read once', async () => {
    const registry = new Registry(3);
    expect(await read(registry)).toEqual(registry.ids);
    expect(registry.paths).toHaveLength(1);
  });

  it('of several pages are read twice, for pages are not of one moment', async () => {
    const registry = new Registry(7);
    expect(await read(registry)).toEqual(registry.ids);
    expect(registry.paths).toHaveLength(6);
  });

  it('are complete although one was deleted between two pages and took the last one out of sight', async () => {
    const registry = new Registry(7);
    registry.beforePage = (page) => {
      if (page === 2) registry.remove(volumeId(0));
    };
    expect((await read(registry)).sort()).toEqual([1, 2, 3, 4, 5, 6].map(volumeId));
  });

  it('that stay while others go are never missing', async () => {
    const deletion = fc.record({ page: fc.integer({ min: 1, max: 20 }), index: fc.nat(19) });
    await fc.assert(
      fc.asyncProperty(fc.array(deletion, { maxLength: 6 }), async (deletions) => {
        const registry = new Registry(20);
        const gone = new Set(deletions.map(({ index }) => volumeId(index)));
        registry.beforePage = (page) => {
          for (const { page: at, index } of deletions) {
            if (at === page && registry.ids.includes(volumeId(index))) registry.remove(volumeId(index));
          }
        };
        const seen = new Set(await read(registry, { maxWalks: 10 }));
        const missing = registry.ids.filter((id) => !gone.has(id) && !seen.has(id));
        expect(missing).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['repeats a token', () => 3, 'unsupported'],
    ['never ends', (offset: number) => offset + 1, 'unsupported'],
    ['has a token of no known kind', () => ({ offset: 3 }), 'unsupported'],
  ])('are not had of a list that %s', async (_, nextToken, code) => {
    const registry = new Registry(7);
    registry.nextToken = nextToken;
    const fields = expect.objectContaining({ path: '/v0/volumes', field: 'next_token' });
    await expect(read(registry, { maxPages: 20 })).rejects.toMatchObject({ code, fields });
    expect(registry.paths.length).toBeLessThanOrEqual(20);
  });

  it('are had while others are made', async () => {
    const registry = new Registry(7);
    registry.beforePage = (page) => void registry.ids.push(volumeId(100 + page));
    expect(new Set(await read(registry))).toEqual(new Set(registry.ids));
  });

  it('are not had while they go all the time', async () => {
    const registry = new Registry(70);
    registry.beforePage = (page) => registry.remove(volumeId(page));
    await expect(read(registry, { pageSize: 30 })).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(registry.paths.length).toBeLessThanOrEqual(4 * 3);
  });
});
