/** A reconciler that is watched for getting stuck, and counted and timed where somebody asks for it. */
import { toCoucheStorError, type Clock, type CoucheStorError } from '@couchestor/common/base';
import type { OperatorMetrics } from '../ports/operator-metrics.ts';
import type { Reconciler, ReconcileResult } from './controller.ts';
import type { Vitals } from './vitals.ts';

export interface ObservedReconcilerOptions {
  readonly reconciler: Reconciler;
  /** Undefined: it has measures of its own. */
  readonly metrics?: Pick<OperatorMetrics, 'reconciled'>;
  readonly vitals: Vitals;
  readonly clock: Clock;
}

export class ObservedReconciler implements Reconciler {
  readonly #options: ObservedReconcilerOptions;

  constructor(options: ObservedReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { reconciler, metrics, vitals, clock } = this.#options;
    const startMs = clock.monotonic();
    const end = vitals.begin(`reconciling ${key}`);
    try {
      const result = await reconciler.reconcile(key, signal);
      metrics?.reconciled(clock.monotonic() - startMs, 'success');
      return result;
    } catch (thrown) {
      // Another writer was first, or the process ends: nothing has failed.
      const { code } = toCoucheStorError(thrown);
      const harmless = code === 'conflict' || code === 'cancelled';
      metrics?.reconciled(clock.monotonic() - startMs, harmless ? 'success' : 'failure');
      throw thrown;
    } finally {
      end();
    }
  }

  async reportFailure(key: string, error: CoucheStorError, signal: AbortSignal): Promise<void> {
    await this.#options.reconciler.reportFailure(key, error, signal);
  }
}
