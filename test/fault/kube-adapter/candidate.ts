/**
 * A process that stands for election and, while it leads, acts every few milliseconds; started by election.test.ts as
 * `node candidate.ts KUBECONFIG IDENTITY [TIMING]`. It reports on standard output, one JSON object a line, and exits with 3 when
 * it loses the lead, as the control plane does.
 */
import { writeSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import {
  HttpTransport,
  KubeClient,
  LeaseElector,
  type LeaseTiming,
} from '@couchestor/control-plane/adapters/kubernetes';

const LOST_EXIT_CODE = 3;
const ACT_INTERVAL_MS = 10;

const [kubeconfig = '', identity = '', timing] = process.argv.slice(2);
const report = (event: object): void => void writeSync(1, `${JSON.stringify(event)}\n`);

const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const transport = new HttpTransport({ config });
const elector = new LeaseElector({
  client: new KubeClient({ transport }),
  namespace: 'kube-system',
  name: 'leader',
  identity,
  ...(timing === undefined ? {} : { timing: JSON.parse(timing) as LeaseTiming }),
});
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
report({ kind: 'started' });
await elector.run(stop.signal, {
  lead: async ({ epoch, signal, isValid }) => {
    report({ kind: 'elected', epoch });
    await new Promise<void>((resolve) => {
      const act = setInterval(() => {
        // Read before the lease is checked: a pause may fall between the check and the act.
        const atMs = Date.now();
        if (isValid()) report({ kind: 'act', epoch, atMs });
        else report({ kind: 'refrained', epoch });
      }, ACT_INTERVAL_MS);
      signal.addEventListener('abort', () => {
        clearInterval(act);
        resolve();
      });
    });
  },
  onLost: ({ code }) => {
    report({ kind: 'lost', code });
    process.exit(LOST_EXIT_CODE);
  },
});
transport.close();
