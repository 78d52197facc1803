/** Plays the kubelet's part in deleting a pod: when its grace period is over, it has stopped. */
import type { Clock, Timer } from '@couchestor/common/base';
import { bucketOf } from '../store/store.ts';
import type { StoreEvent } from '../store/store.ts';
import type { KubeObject } from '../types.ts';
import type { ControllerParts } from './controller.ts';

const pods = { group: '', resource: 'pods' };
const bucket = bucketOf(pods);

export class Pods {
  readonly #parts: ControllerParts & { clock: Clock };
  readonly #timers = new Map<string, Timer>();

  constructor(parts: ControllerParts & { clock: Clock }) {
    this.#parts = parts;
  }

  observe(event: StoreEvent): void {
    if (event.bucket === bucket) this.#expect(event.object, event.type === 'DELETED');
  }

  sync(): void {
    for (const pod of this.#parts.store.list(pods)) this.#expect(pod, false);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #expect(pod: KubeObject, deleted: boolean): void {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    this.#timers.get(uid)?.cancel();
    this.#timers.delete(uid);
    if (deleted || deletionTimestamp === undefined || deletionGracePeriodSeconds === 0) return;
    const { clock, registry, lifecycle } = this.#parts;
    const leftMs = Date.parse(deletionTimestamp) - clock.now();
    const stopped = (): void => {
      const type = registry.find('', 'v1', 'pods');
      if (type !== undefined) lifecycle.rewrite(type, pod, ({ metadata }) => (metadata.deletionGracePeriodSeconds = 0));
    };
    this.#timers.set(uid, clock.setTimer(leftMs, stopped));
  }
}
