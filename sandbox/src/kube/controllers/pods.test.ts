import { expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { Api } from '../api.fixture.ts';

const pods = '/api/v1/namespaces/default/pods';

it('a pod on a node goes when its grace period is over, sooner if that is shortened', async () => {
  const clock = new VirtualClock();
  const api = await Api.start({ clock });
  const codeOf = async (name: string): Promise<number> => (await api.call('GET', `${pods}/${name}`)).code;
  for (const name of ['long', 'short', 'none']) {
    const spec = { nodeName: 'n', terminationGracePeriodSeconds: 30, containers: [{ name: 'c', image: 'i' }] };
    await api.call('POST', pods, { metadata: { name }, spec });
  }
  const { metadata } = (await api.call('DELETE', `${pods}/long`)).body;
  expect([metadata.deletionGracePeriodSeconds, Date.parse(metadata.deletionTimestamp ?? '')]).toEqual([
    30,
    clock.now() + 30_000,
  ]);
  await api.call('DELETE', `${pods}/short`);
  await api.call('DELETE', `${pods}/short`, { gracePeriodSeconds: 5 });
  await api.call('DELETE', `${pods}/none`, { gracePeriodSeconds: 0 });
  expect([await codeOf('long'), await codeOf('short'), await codeOf('none')]).toEqual([200, 200, 404]);
  await clock.advance(5_000);
  expect([await codeOf('long'), await codeOf('short')]).toEqual([200, 404]);
  await clock.advance(25_000);
  expect(await codeOf('long')).toBe(404);
  await api.stop();
});
