/** What happens to a volume and its cluster while a migration is under way, each at a moment that the seed decides. */
import type { RandomDraws } from '@couchestor/sandbox/mayastor';
import { NAME, type World } from './world.ts';

export const HAPPENINGS = [
  'nothing',
  'node lost',
  'node lost for long',
  'rebuild failed',
  'rebuild failed and restarted elsewhere',
  'scaled by somebody else',
  'volume deleted',
  'unpublished for a while',
  'republished',
  'resized',
  'cancelled',
  'deleted',
  'cordoned by a person',
  'lock taken by another',
  'clock set',
] as const;

export type Happening = (typeof HAPPENINGS)[number];

const PHASES = ['Pending', 'Adding', 'Syncing', 'Verifying', 'Removing'] as const;

/** Called between two looks; does what is due, once, and undoes it later where it passes. */
export class Happenings {
  readonly kind: Happening;
  readonly #world: World;
  readonly #phase: string;
  readonly #pauseMs: number;
  #seenMs: number | undefined;
  #isDone = false;
  #undo: { readonly atMs: number; readonly run: () => void } | undefined;

  constructor(world: World, kind: Happening, draws: RandomDraws) {
    this.#world = world;
    this.kind = kind;
    this.#phase = draws.oneOf(PHASES);
    this.#pauseMs = draws.chance(0.5) ? 0 : draws.integer(0, 40_000);
  }

  readonly tick = (): boolean => {
    const { clock, phase } = this.#world;
    const nowMs = clock.monotonic();
    if (this.#undo !== undefined && nowMs >= this.#undo.atMs) {
      this.#undo.run();
      this.#undo = undefined;
    }
    if (this.#isDone) return false;
    if (this.#seenMs === undefined && phase === this.#phase) this.#seenMs = nowMs;
    if (this.#seenMs === undefined || nowMs < this.#seenMs + this.#pauseMs) return false;
    // A number that is asked for at the very moment at which the migration asks for the same is nobody's in particular.
    const isAdding = this.#world.migrations.status(NAME)?.intent?.step === 'Add';
    if (this.kind === 'scaled by somebody else' && isAdding) return false;
    this.#isDone = true;
    quietly(() => this.#happen());
    return true;
  };

  /** What passes by itself has passed. */
  end(): void {
    this.#isDone = true;
    this.#undo?.run();
    this.#undo = undefined;
  }

  #happen(): void {
    const { cluster, volumeId, draws, migrations } = this.#world;
    const replica = (): string => draws.oneOf(this.#world.volume?.replicas ?? []).node;
    switch (this.kind) {
      case 'nothing':
        return;
      case 'node lost': {
        this.#loseNode(replica(), draws.integer(5_000, 120_000));
        return;
      }
      case 'node lost for long': {
        this.#loseNode(replica(), draws.integer(700_000, 1_500_000));
        return;
      }
      case 'rebuild failed': {
        cluster.failRebuild(volumeId);
        return;
      }
      case 'rebuild failed and restarted elsewhere':
        cluster.infrastructure.cordonPool(this.#world.targetPool, { replicas: true });
        this.#later(60_000, () => cluster.infrastructure.uncordonPool(this.#world.targetPool, { replicas: true }));
        {
          cluster.failRebuild(volumeId);
          return;
        }
      case 'scaled by somebody else': {
        const count = this.#world.volume?.replicaCount ?? 1;
        cluster.setReplicaCount(volumeId, Math.max(count + draws.oneOf([-1, 1]), 1));
        return;
      }
      case 'volume deleted': {
        cluster.deleteVolume(volumeId);
        return;
      }
      case 'unpublished for a while':
        cluster.unpublish(volumeId);
        {
          this.#later(draws.integer(5_000, 600_000), () => cluster.publish(volumeId, 'node-app'));
          return;
        }
      case 'republished':
        cluster.unpublish(volumeId);
        {
          cluster.publish(volumeId, 'node-app');
          return;
        }
      case 'resized':
        cluster.volumes.resize(volumeId, (this.#world.volume?.sizeBytes ?? 0) + 1024 ** 3);
        return;
      case 'cancelled': {
        migrations.edit(NAME, { cancel: true });
        return;
      }
      case 'deleted': {
        migrations.delete(NAME);
        return;
      }
      case 'cordoned by a person': {
        const node = replica();
        cluster.infrastructure.cordonNode(node, 'maintenance');
        this.#later(draws.integer(5_000, 3_000_000), () => {
          cluster.infrastructure.uncordonNode(node, 'maintenance');
        });
        return;
      }
      case 'lock taken by another': {
        this.#world.takeLock('volume-2-1');
        return;
      }
      case 'clock set': {
        this.#world.clock.stepWall(draws.oneOf([-1, 1]) * draws.integer(1_000, 7_200_000));
        return;
      }
    }
  }

  #loseNode(node: string, ms: number): void {
    const { cluster } = this.#world;
    cluster.setNodeStatus(node, 'Offline');
    this.#later(ms, () => cluster.setNodeStatus(node, 'Online'));
  }

  #later(ms: number, run: () => void): void {
    this.#undo = { atMs: this.#world.clock.monotonic() + ms, run: () => quietly(run) };
  }
}

/** The simulated Mayastor refuses what does not fit its state, and then it has not happened. */
function quietly(run: () => void): void {
  try {
    run();
  } catch (error) {
    if ((error as Error).name !== 'MayastorError') throw error;
  }
}
