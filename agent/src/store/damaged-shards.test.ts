/**
 * Shards of a store that are damaged on the disk in every way that one byte, one length and one file can be: what was not written is
 * never served, and never taken for what is put again.
 */
import type { CoucheStorError } from '@couchestor/common/base';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FileNode } from '../pools/power-loss-disk.fixture.ts';
import { InterposedFiles, type Around } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard, type ExpectedShard } from '../shards/index.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import { expectedOf, openStore, payloadFor, putShard, readAll, StandInPool } from './store.fixture.ts';

const [name, otherStripe] = [nameOf(), nameOf({ stripeId: '7-43' })];
const [otherIndex, otherPlacement] = [nameOf({ index: 4 }), nameOf({ placement: 2 })];

let files: PowerLossFiles;
let store: ShardStore;
let expected: ExpectedShard;
let file: FileNode;
let whole: Buffer;

beforeEach(async () => {
  files = new PowerLossFiles();
  store = await openStore(await StandInPool.make(files));
  expected = await putShard(store, name);
  file = files.disk.file(pathOfShard(name));
  whole = file.content;
});

/** What the store says of a shard whose file holds these bytes; never `whole` but for what was written. */
async function saidOf(content: Buffer): Promise<string> {
  file.content = content;
  const read = await readAll(store, expected);
  if (typeof read === 'string') return read;
  return Buffer.compare(read, payloadFor(name)) === 0 ? 'whole' : 'served with other bytes';
}

function flipped(at: number, bit: number): Buffer {
  const content = Buffer.from(whole);
  content[at] = content[at]! ^ (1 << bit);
  return content;
}

/** Every length that is not the right one, up to a page more. */
function lengths(): Buffer[] {
  const grown = Buffer.concat([whole, Buffer.alloc(4096)]);
  return Array.from({ length: grown.length + 1 }, (_, length) => grown.subarray(0, length)).filter(
    ({ length }) => length !== whole.length,
  );
}

const every = <Item>(items: readonly Item[], step: number): Item[] => items.filter((_, index) => index % step === 0);

describe('a shard in a store', () => {
  it('is not served with any byte flipped', async () => {
    const said = new Set<string>();
    for (let at = 0; at < whole.length; at += 1) said.add(await saidOf(flipped(at, at % 8)));
    expect([...said].sort()).toEqual(
      ['corrupt', 'corruptFooter', 'corruptHeader', 'corruptPadding', 'incomplete', 'notAShard'].sort(),
    );
    expect(await saidOf(whole)).toBe('whole');
  });

  it('is not served cut or grown to any other length', async () => {
    const said = new Set<string>();
    for (const content of lengths()) said.add(await saidOf(content));
    expect([...said]).toEqual(['incomplete']);
  });

  it('is put again over any damage, and over nothing that is whole', async () => {
    const flips = Array.from({ length: whole.length }, (_, at) => flipped(at, at % 8));
    for (const content of [...every(flips, 53), ...every(lengths(), 101)]) {
      files.disk.file(pathOfShard(name)).content = content;
      await putShard(store, name);
      expect(files.disk.file(pathOfShard(name)).content.equals(whole)).toBe(true);
    }
    const before = Buffer.from(files.disk.file(pathOfShard(name)).content);
    await putShard(store, name);
    expect(files.disk.file(pathOfShard(name)).content).toEqual(before);
  });

  it.each([
    ['of another stripe', otherStripe],
    ['of another index', otherIndex],
    ['of another placement', otherPlacement],
  ])('is not served, and not replaced, where another one lies %s', async (_, other) => {
    await putShard(store, other);
    const theirs = files.disk.file(pathOfShard(other)).content;
    expect(await saidOf(theirs)).toBe('otherShard');
    await expect(putShard(store, name)).rejects.toMatchObject({ code: 'conflict' });
    expect(files.disk.file(pathOfShard(name)).content.equals(theirs)).toBe(true);
    expect(await readAll(store, expectedOf(other))).toEqual(payloadFor(other));
  });

  it('is not served from an older file that came back, valid as it is', async () => {
    const old = new PowerLossFiles();
    const older = await openStore(await StandInPool.make(old));
    await putShard(older, name, payloadFor(name, 100, 99));
    const restored = old.disk.file(pathOfShard(name)).content;
    expect(await saidOf(restored)).toBe('otherChecksum');
    await expect(putShard(store, name)).rejects.toMatchObject({ code: 'conflict' });
  });
});

type Lie = (content: Buffer, from: number) => unknown;

/** A put of several writes, of which the disk lies in one. Undefined: there were not so many. */
async function putLiedTo(call: number, lie: Lie): Promise<string | undefined> {
  const files = new PowerLossFiles();
  let writes = 0;
  const around: Around = async (step, run) => {
    if (step.operation !== 'write' || (writes += 1) !== call) return run();
    const { length } = files.disk.file(step.path).content;
    const result = await run();
    const written = files.disk.file(step.path);
    written.content = Buffer.from(written.content);
    lie(written.content, length);
    return result;
  };
  const store = await openStore(await StandInPool.make(new InterposedFiles(files, around)));
  const put = putShard(store, name, payloadFor(name, 200_000));
  const outcome = await put.then(
    () => 'acknowledged',
    (error: unknown) => (error as CoucheStorError).code,
  );
  const isThere = (await files.stat(pathOfShard(name))) !== undefined;
  return writes < call ? undefined : `${outcome}, and ${isThere ? 'there' : 'gone'}`;
}

describe('a disk that acknowledges a write', () => {
  it.each<[string, Lie]>([
    ['and has lost its bytes', (content, from) => content.fill(0, from)],
    ['and has another bit in it', (content, from) => content.writeUInt8((content[from] ?? 0) ^ 4, from)],
  ])('%s is found out before the shard is acknowledged', async (_, lie) => {
    const outcomes: string[] = [];
    for (let call = 1; ; call += 1) {
      const outcome = await putLiedTo(call, lie);
      if (outcome === undefined) break;
      outcomes.push(outcome);
    }
    expect(outcomes.length).toBeGreaterThan(2);
    expect(new Set(outcomes)).toEqual(new Set(['corrupt, and gone']));
  });
});
