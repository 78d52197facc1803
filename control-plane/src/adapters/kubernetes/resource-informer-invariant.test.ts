import { expect, it } from '@jest/globals';
import { InvariantError } from '@couchestor/common/base';
import { InformerStage } from './informer.fixture.ts';

it('a broken invariant in a handler ends the informer, and with it whoever runs it', async () => {
  const stage = new InformerStage();
  stage.put('a');
  stage.start();
  stage.informer.subscribe(() => {
    throw new InvariantError('bug');
  });
  const ended = expect(stage.running).rejects.toBeInstanceOf(InvariantError);
  await stage.settle();
  await ended;
  expect(stage.informer.health().state).toBe('stopped');
});
