/** How long the control plane's informer is out of step after each fault. No peer: client-node's own informer stops for good. */
import { measureRecovery } from '../../test/fault/kube-adapter/recovery.ts';
import type { Area } from '../row.ts';

export const kubeAdapter: Area = {
  name: 'kube-adapter',
  summary: 'Kubernetes adapter: time to recover after each fault',
  async run({ smoke }) {
    const rows = await measureRecovery({ patience: smoke ? 'short' : 'production' });
    return rows.map(({ fault, recoveryMs }) => ({
      area: 'kube-adapter',
      shape: fault,
      subject: smoke ? 'informer, impatient' : 'informer',
      value: recoveryMs,
      unit: 'ms',
      peers: {},
    }));
  },
};
