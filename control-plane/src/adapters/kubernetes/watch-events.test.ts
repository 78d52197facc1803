import { describe, expect, it } from '@jest/globals';
import { watchEvents, type WatchEvent } from './watch-events.ts';

async function* chunksOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const part of parts) yield await Promise.resolve(part);
}

async function read(text: string, cut = text.length): Promise<WatchEvent[]> {
  const bytes = Buffer.from(text);
  const events: WatchEvent[] = [];
  for await (const event of watchEvents(chunksOf([bytes.subarray(0, cut), bytes.subarray(cut)]))) events.push(event);
  return events;
}

const metadata = { name: 'ä', uid: 'u', resourceVersion: '1' };
const added = `${JSON.stringify({ type: 'ADDED', object: { metadata } })}\n`;
const bookmark = `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } })}\n`;

describe('watchEvents', () => {
  it('reads the same events wherever the chunks are cut, in the middle of a character too', async () => {
    const text = added + bookmark;
    for (let cut = 0; cut <= Buffer.byteLength(text); cut += 1) {
      expect(await read(text, cut)).toEqual([
        { type: 'ADDED', object: { metadata } },
        { type: 'BOOKMARK', resourceVersion: '9' },
      ]);
    }
  });

  it('does not collect a line without an end', async () => {
    await expect(read(' '.repeat(17 * 1024 * 1024))).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('passes the Status of an error on', async () => {
    const text = `${JSON.stringify({ type: 'ERROR', object: { code: 410 } })}\n`;
    expect(await read(text)).toEqual([{ type: 'ERROR', status: { code: 410 } }]);
  });

  it('ignores a half line at the end, which the next watch brings again', async () => {
    expect(await read(added + added.slice(0, 20))).toHaveLength(1);
  });

  it.each([
    '{"type":"ADDED"',
    '{"type":"ADDED","object":{}}',
    '{"type":"NEWS","object":{}}',
    '7',
    '{"type":"BOOKMARK"}',
  ])('fails on the line %s instead of dropping it', async (line) => {
    await expect(read(`${line}\n`)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
