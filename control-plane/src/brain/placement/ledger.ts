/**
 * What is taken of each pool at this moment of a round: what the snapshot shows, what running migrations will still take, and
 * what earlier moves of the round were promised. A volume that leaves a pool gives nothing back before it has really left.
 */
import type { VolumeId } from '@couchestor/common/base';
import type { ClusterSnapshot, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { PlannedMove } from '../../model/decision.ts';

export class Ledger {
  readonly poolReserve: number;

  /** `poolReserve`: the share of a pool, from 0 to 1, that stays free. `heatOfVolume` in IOPS; undefined: unknown. */
  constructor(
    _snapshot: ClusterSnapshot,
    poolReserve: number,
    _heatOfVolume: (volumeId: VolumeId) => number | undefined,
  ) {
    this.poolReserve = poolReserve;
  }

  reserve(_move: Pick<PlannedMove, 'target'>, _volume: VolumeFacts): void {
    return;
  }
}
