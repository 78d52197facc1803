/**
 * Watches what requests do to the data. A request may fail and may be late; it must not leave a volume with fewer good copies
 * than its user asked for, and nothing may ever put two replicas of a volume on one node or more on a pool than it holds.
 */
import { poolUses, syncedCount } from './world.ts';
import type { VolumeRecord, World } from './world.ts';
import type { Violation } from './types.ts';

/** A run that breaks a rule over and over is told so often enough. */
const MAX_VIOLATIONS = 1000;

export class Checker {
  readonly violations: Violation[] = [];
  readonly #world: World;
  readonly #wallMs: () => number;

  constructor(world: World, wallMs: () => number) {
    this.#world = world;
    this.#wallMs = wallMs;
  }

  /** Runs a request and compares what was with what is. What it throws is thrown here. */
  watch<Result>(request: string, run: () => Result): Result {
    const before = new Map([...this.#world.volumes.values()].map((volume) => [volume.uuid, syncedCount(volume)]));
    try {
      return run();
    } finally {
      for (const volume of this.#world.volumes.values()) this.#compare(volume, before.get(volume.uuid), request);
      this.inspect(request);
    }
  }

  /** What must hold at all times. */
  inspect(request: string): void {
    for (const { uuid, replicas } of this.#world.volumes.values()) {
      const nodes = new Set(replicas.map(({ node }) => node));
      if (nodes.size < replicas.length) this.#record(uuid, request, 'two replicas are on one node');
    }
    for (const [name, { usedBytes }] of poolUses(this.#world)) {
      if (usedBytes <= (this.#world.pools.get(name)?.capacityBytes ?? Infinity)) continue;
      for (const { uuid, replicas } of this.#world.volumes.values()) {
        if (replicas.some(({ pool }) => pool === name))
          this.#record(uuid, request, `pool ${name} holds more than it can`);
      }
    }
  }

  #compare(volume: VolumeRecord, before: number | undefined, request: string): void {
    const after = syncedCount(volume);
    const { askedReplicaCount: asked, uuid } = volume;
    if (before === undefined || after >= before || after >= asked) return;
    this.#record(uuid, request, `synced replicas went from ${before} to ${after}, and ${asked} are asked for`);
  }

  #record(volumeId: string, request: string, message: string): void {
    if (this.violations.length < MAX_VIOLATIONS) {
      this.violations.push({ atMs: this.#wallMs(), volumeId, request, message });
    }
  }
}
