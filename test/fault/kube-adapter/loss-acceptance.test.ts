/** A cluster that was lost and set up anew, and a person who says so, while the leader goes on to renew its Lease. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ACCEPT_LOSS_ANNOTATION, formatTimestamp } from '@couchestor/common/api';
import { LeaseElector, LEASES, LossAcceptance } from '@couchestor/control-plane/adapters/kubernetes';
import { Lab, until } from './lab.ts';

const LEASE = { namespace: 'default', name: 'couchestor-operator' };
const timing = { leaseDurationMs: 1_000, renewDeadlineMs: 800, retryPeriodMs: 100 };

let lab: Lab;
const stop = new AbortController();

beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(async () => {
  stop.abort();
  await lab.close();
});

it('a loss is believed when a person says so, and the word stays on the Lease that is renewed', async () => {
  for (const name of ['a', 'b']) lab.put(name);
  await lab.followUntilSynced();
  const { informer } = lab.policies;
  const elector = new LeaseElector({ client: lab.client, ...LEASE, identity: 'one', timing });
  const acceptance = new LossAcceptance({ client: lab.client, ...LEASE, informers: [informer], pollMs: 50 });
  const leading = elector.run(stop.signal, { lead: (led) => aborted(led.signal), onLost: () => undefined });
  const accepting = acceptance.run(stop.signal);
  await until(() => elector.holder === 'one', 'it leads');

  lab.server.wipe();
  await lab.installDefinitions();
  await until(() => informer.health().state === 'suspect', 'the list is suspect');
  await until(() => leaseIsThere(), 'the leader has renewed its Lease');
  const { lossTimeMs } = informer.health();
  const before = formatTimestamp(lossTimeMs! - 1_000);
  await annotate(before);
  const { listsRefused } = informer.health().counts;
  await until(() => informer.health().counts.listsRefused > listsRefused + 20, 'an earlier time accepts nothing');
  expect(lab.known()).toEqual(['refused: suspect']);

  const named = formatTimestamp(lossTimeMs!);
  expect(informer.health().message).toContain(`${ACCEPT_LOSS_ANNOTATION}=${named}`);
  await annotate(named);
  await until(() => lab.knows(), 'the person was heard');
  expect(lab.told.filter((line) => line.startsWith('deleted')).sort()).toEqual(['deleted a', 'deleted b']);

  const { resourceVersion } = (await lab.admin.get(LEASES, LEASE)).metadata;
  await until(
    async () => (await lab.admin.get(LEASES, LEASE)).metadata.resourceVersion !== resourceVersion,
    'it renews',
  );
  expect((await lab.admin.get(LEASES, LEASE)).metadata.annotations).toEqual({ [ACCEPT_LOSS_ANNOTATION]: named });
  stop.abort();
  expect(await leading).toEqual({ kind: 'stopped' });
  await accepting;
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function leaseIsThere(): Promise<boolean> {
  return lab.admin.get(LEASES, LEASE).then(
    () => true,
    () => false,
  );
}

/** What `kubectl annotate --overwrite` does. */
async function annotate(time: string): Promise<void> {
  const metadata = { annotations: { [ACCEPT_LOSS_ANNOTATION]: time } };
  await lab.admin.mergePatch(LEASES, LEASE, { patch: { metadata } });
}
