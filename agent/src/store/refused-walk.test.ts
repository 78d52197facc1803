import type { CoucheStorError } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { systemError } from '../devices/index.ts';
import { InterposedFiles } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard } from '../shards/index.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import { StoreView } from './store-view.ts';
import { openStore, putShard, StandInPool, walkAll } from './store.fixture.ts';

const NAMES = ['vol-a', 'vol-b', 'vol-c'].flatMap((volumeId) =>
  ['7-1', '7-2'].flatMap((stripeId) => [0, 1].map((index) => nameOf({ volumeId, stripeId, index }))),
);

const PATHS = NAMES.map((name) => pathOfShard(name));

/** A store on a disk that refuses to list or to measure one path. */
async function refusing(refused: string, code: string) {
  const disk = new PowerLossFiles();
  const whole = await openStore(await StandInPool.make(disk));
  for (const name of NAMES) await putShard(whole, name);
  const files = new InterposedFiles(disk, (step, run) => {
    const isRefused = step.path === refused && (step.operation === 'entries' || step.operation === 'stat');
    if (!isRefused) return run();
    return Promise.reject(
      systemError(Object.assign(new Error(`${code}: injected`), { code }), { device: 'disk', operation: 'entries' }),
    );
  });
  const pool = new StandInPool(files);
  return { store: await openStore(pool), view: await StoreView.open(pool) };
}

describe.each([
  { refused: 'vol-b', rest: PATHS.filter((path) => !path.startsWith('vol-b/')) },
  { refused: 'vol-a/7-2', rest: PATHS.filter((path) => !path.startsWith('vol-a/7-2/')) },
  { refused: PATHS[5]!, rest: PATHS.filter((path) => path !== PATHS[5]) },
])('a disk that refuses $refused', ({ refused, rest }) => {
  it('is passed over there by whoever asks to be told of it', async () => {
    const { store, view } = await refusing(refused, 'EACCES');
    for (const walk of [store.walk.bind(store), view.walk.bind(view)]) {
      const [told, met]: [[string, CoucheStorError][], string[]] = [[], []];
      for await (const { name } of walk({ onRefused: (path, error) => void told.push([path, error]) })) {
        met.push(pathOfShard(name));
      }
      expect({ met, told }).toEqual({ met: rest, told: [[refused, expect.objectContaining({ code: 'forbidden' })]] });
    }
  });

  it('is passed over by a scan, which says so', async () => {
    const { store } = await refusing(refused, 'EACCES');
    const scan = store.scan();
    while ((await scan.step()) === 'busy');
    expect(scan.report).toMatchObject({ isDone: true, shards: rest.length, emptyFolders: 0 });
    expect([...scan.report.refused]).toEqual([[refused, expect.objectContaining({ code: 'forbidden' })]]);
  });

  it('ends the walk of everybody else, and of all when it may not refuse the next time', async () => {
    const { store } = await refusing(refused, 'EACCES');
    await expect(walkAll(store)).rejects.toMatchObject({ code: 'forbidden' });
    const { store: busy } = await refusing(refused, 'EMFILE');
    await expect(walkAll(busy, { onRefused: () => undefined })).rejects.toMatchObject({ code: 'resourceExhausted' });
  });
});

it('a pool that cannot be listed ends the walk of everybody', async () => {
  const { store } = await refusing('', 'EACCES');
  await expect(walkAll(store, { onRefused: () => undefined })).rejects.toMatchObject({ code: 'forbidden' });
});
