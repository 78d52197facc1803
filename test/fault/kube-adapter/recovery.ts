/** How long the informer needs to be in step again after each fault, from the strike to the change that only then can be seen. */
import { FAULTS } from './faults.ts';
import { Lab, until, type LabOptions } from './lab.ts';

export interface RecoveryRow {
  readonly fault: string;
  readonly recoveryMs: number;
}

/** One row a fault. In production patience the half-open connections alone take minutes. */
export async function measureRecovery(options: LabOptions = {}): Promise<RecoveryRow[]> {
  const rows: RecoveryRow[] = [];
  for (const { name, strike } of FAULTS) {
    const lab = await Lab.open(options);
    try {
      for (const policy of ['a', 'b', 'c', 'd']) lab.put(policy);
      await lab.followUntilSynced();
      // The watch has to be open before it can be struck.
      lab.put('open');
      await until(() => lab.known().includes('open'), 'the watch is open');
      const startMs = performance.now();
      strike(lab, 'marker');
      await until(() => lab.known().includes('marker'), `the informer recovers from: ${name}`, options.patience);
      rows.push({ fault: name, recoveryMs: performance.now() - startMs });
    } finally {
      await lab.close();
    }
  }
  return rows;
}
