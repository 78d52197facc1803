import { describe, expect, it } from '@jest/globals';
import { RememberingConsole } from './console.fixture.ts';
import { Progress } from './progress.ts';

const drawn = (told: string): string[] =>
  told
    .split('\r')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');

describe('progress on a terminal', () => {
  it('is a bar that is drawn over itself, with what is left', async () => {
    const console = new RememberingConsole(80);
    const progress = new Progress(console, 'scrub');
    await console.clock.advance(200);
    progress.show({ done: 0, total: 200, detail: '0 shards' });
    await console.clock.advance(4_800);
    progress.show({ done: 50, total: 200, detail: '7 shards' });
    await console.clock.advance(15_000);
    progress.show({ done: 200, total: 200, detail: '9 shards' });
    expect(drawn(console.told)).toEqual([
      'scrub  [....................]  0%  0 shards',
      'scrub  [#####...............]  25%  7 shards  15s left',
      'scrub  [####################]  100%  9 shards',
    ]);
    expect(console.said).toBe('');
  });

  it('is drawn now and then, however often it is told', async () => {
    const console = new RememberingConsole(80);
    const progress = new Progress(console, 'scan');
    for (let done = 0; done < 1000; done += 1) {
      progress.show({ done, detail: `${done} shards` });
      await console.clock.advance(1);
    }
    expect(drawn(console.told)).toHaveLength(9);
  });

  it('has no bar where the end is not known, or nothing is to be done', async () => {
    for (const total of [undefined, 0]) {
      const console = new RememberingConsole(80);
      const progress = new Progress(console, 'scan');
      await console.clock.advance(100);
      progress.show({ done: 3, ...(total === undefined ? {} : { total }), detail: '3 shards' });
      expect(drawn(console.told)).toEqual(['scan  3 shards']);
    }
  });

  it('leaves nothing of a longer line, and nothing at its end', async () => {
    const console = new RememberingConsole(80);
    const progress = new Progress(console, 'scan');
    await console.clock.advance(100);
    progress.show({ done: 1, detail: 'a long detail' });
    await console.clock.advance(100);
    progress.show({ done: 2, detail: 'short' });
    progress.clear();
    const longest = 'scan  a long detail'.length;
    expect(console.told.split('\r').slice(1)).toEqual([
      'scan  a long detail',
      'scan  short'.padEnd(longest),
      ' '.repeat('scan  short'.length),
      '',
    ]);
    const before = console.told;
    progress.clear();
    expect(console.told).toBe(before);
  });

  it('never wraps: a terminal that is narrow shows its beginning', async () => {
    const console = new RememberingConsole(20);
    const progress = new Progress(console, 'scrub');
    await console.clock.advance(100);
    progress.show({ done: 1, total: 2, detail: 'many shards of many volumes' });
    expect(console.told).toBe('\rscrub  [##########.');
  });

  it('makes way for a line, and is drawn again at once', async () => {
    const console = new RememberingConsole(80);
    const progress = new Progress(console, 'scrub');
    await console.clock.advance(100);
    progress.show({ done: 1, detail: 'x' });
    progress.clear();
    progress.show({ done: 2, detail: 'y' });
    expect(drawn(console.told)).toEqual(['scrub  x', 'scrub  y']);
  });

  it('tells nothing of what takes no time', () => {
    const console = new RememberingConsole(80);
    const progress = new Progress(console, 'scan');
    progress.show({ done: 1, total: 1, detail: '1 shard' });
    progress.clear();
    expect(console.told).toBe('');
  });
});

describe('progress in a pipe', () => {
  it('is a whole line each ten seconds, and none of what takes less', async () => {
    const console = new RememberingConsole();
    const progress = new Progress(console, 'scrub');
    for (let second = 0; second < 25; second += 1) {
      progress.show({ done: second, total: 100, detail: `${second} shards` });
      await console.clock.advance(1_000);
    }
    progress.clear();
    expect(console.told).toBe('scrub: 10%, 10 shards, 90s left\nscrub: 20%, 20 shards, 80s left\n');
  });
});
