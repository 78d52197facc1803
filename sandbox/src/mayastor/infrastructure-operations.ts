/** What the control plane does to nodes and pools on request: labels, cordons, and drains, which move targets only. */
import { MayastorError, notFound } from './errors.ts';
import { targetCandidates } from './placement.ts';
import type { Engine } from './engine.ts';
import type { NodeRecord, PoolRecord, VolumeRecord, World } from './world.ts';
import type { Labels, PoolCordon } from './types.ts';

/** A label to set, and what to do about one that is there. */
export interface LabelChange {
  readonly key: string;
  readonly value: string;
  readonly overwrite: boolean;
}

type Kind = 'Node' | 'Pool';

const NO_CORDON: PoolCordon = { replicas: false, snapshots: false, restores: false, import: false };

export class InfrastructureOperations {
  readonly #engine: Engine;
  readonly #moveTarget: (volume: VolumeRecord, node: string) => void;

  constructor(engine: Engine, moveTarget: (volume: VolumeRecord, node: string) => void) {
    this.#engine = engine;
    this.#moveTarget = moveTarget;
  }

  get #world(): World {
    return this.#engine.actual;
  }

  /** As it is now. */
  node(name: string): NodeRecord {
    this.#engine.settle();
    const node = this.#world.nodes.get(name);
    if (node === undefined) throw notFound('Node', name);
    return node;
  }

  /** As it is now. */
  pool(name: string): PoolRecord {
    this.#engine.settle();
    const pool = this.#world.pools.get(name);
    if (pool === undefined) throw notFound('Pool', name);
    return pool;
  }

  labelNode(name: string, change: LabelChange): NodeRecord {
    const node = this.node(name);
    node.labels = withLabel('Node', name, { labels: node.labels, change });
    return this.#asked(node);
  }

  unlabelNode(name: string, key: string): NodeRecord {
    const node = this.node(name);
    node.labels = withoutLabel('Node', name, { labels: node.labels, key });
    return this.#asked(node);
  }

  labelPool(name: string, change: LabelChange): PoolRecord {
    const pool = this.pool(name);
    pool.labels = withLabel('Pool', name, { labels: pool.labels, change });
    return this.#asked(pool);
  }

  unlabelPool(name: string, key: string): PoolRecord {
    const pool = this.pool(name);
    pool.labels = withoutLabel('Pool', name, { labels: pool.labels, key });
    return this.#asked(pool);
  }

  cordonNode(name: string, label: string): NodeRecord {
    const node = this.node(name);
    if (node.cordons.includes(label) || node.drains.includes(label)) {
      throw new MayastorError('FailedPrecondition', `Node ${name} is already cordoned with label '${label}'`);
    }
    node.cordons.push(label);
    return this.#asked(node);
  }

  uncordonNode(name: string, label: string): NodeRecord {
    const node = this.node(name);
    if (!node.cordons.includes(label) && !node.drains.includes(label)) {
      throw new MayastorError('FailedPrecondition', `Node ${name} does not have a cordon label '${label}'`);
    }
    node.cordons = node.cordons.filter((other) => other !== label);
    node.drains = node.drains.filter((other) => other !== label);
    return this.#asked(node);
  }

  /** Replicas stay where they are. A target that no other node can take stays too, and the node remains draining. */
  drainNode(name: string, label: string): NodeRecord {
    const node = this.node(name);
    if (node.cordons.includes(label) || node.drains.includes(label)) {
      throw new MayastorError('FailedPrecondition', `Node ${name} is already cordoned with label '${label}'`);
    }
    node.drains.push(label);
    this.#engine.refreshSpecs();
    for (const volume of this.#world.volumes.values()) {
      if (volume.target?.node !== name) continue;
      const [to] = targetCandidates(this.#world, volume);
      if (to !== undefined) this.#moveTarget(volume, to);
    }
    return node;
  }

  cordonPool(name: string, resources: Partial<PoolCordon>): PoolRecord {
    const pool = this.pool(name);
    pool.cordon = { ...NO_CORDON, ...pool.cordon, ...onlyTrue(resources) };
    return this.#asked(pool);
  }

  uncordonPool(name: string, resources: Partial<PoolCordon>): PoolRecord {
    const pool = this.pool(name);
    const lifted = Object.fromEntries(Object.keys(onlyTrue(resources)).map((key) => [key, false]));
    const left = { ...NO_CORDON, ...pool.cordon, ...lifted };
    pool.cordon = Object.values(left).includes(true) ? left : undefined;
    return this.#asked(pool);
  }

  #asked<Asked>(record: Asked): Asked {
    this.#engine.refreshSpecs();
    return record;
  }
}

function onlyTrue(resources: Partial<PoolCordon>): Partial<PoolCordon> {
  return Object.fromEntries(Object.entries(resources).filter(([, chosen]) => chosen));
}

function withLabel(kind: Kind, name: string, { labels, change }: { labels: Labels; change: LabelChange }): Labels {
  const { key, value, overwrite } = change;
  const present = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (present !== undefined && (!overwrite || present === value)) {
    const refusal = present === value ? 'AlreadyExists' : 'FailedPrecondition';
    throw new MayastorError(refusal, `${kind} ${name} is already labelled with labels '${key}'`);
  }
  // Defined, not assigned: `__proto__` is a key like any other.
  return Object.fromEntries([...Object.entries(labels), [key, value]]);
}

function withoutLabel(kind: Kind, name: string, { labels, key }: { labels: Labels; key: string }): Labels {
  if (!Object.hasOwn(labels, key)) {
    throw new MayastorError('FailedPrecondition', `${kind} ${name} doesn't have the label key '${key}'`);
  }
  return Object.fromEntries(Object.entries(labels).filter(([other]) => other !== key));
}
