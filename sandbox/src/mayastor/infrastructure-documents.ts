/** Nodes, pools and disks as the JSON of REST v0; see volume-documents.ts for what is current and what may be old. */
import { engineVersion } from './features.ts';
import type { Features } from './features.ts';
import type { Json } from './volume-documents.ts';
import { poolStatus, poolUses, UNUSED } from './world.ts';
import type { NodeRecord, PoolRecord, PoolUse, World, Worlds } from './world.ts';
import type { Release } from './types.ts';

const BLOCK_BYTES = 512;
const SYSTEM_DISK_BYTES = 64 * 1024 ** 3;

export class InfrastructureDocuments {
  readonly #worlds: Worlds;
  readonly #features: Features;
  readonly #version: string | undefined;

  constructor(worlds: Worlds, features: Features, release: Release) {
    this.#worlds = worlds;
    this.#features = features;
    this.#version = features.nodeVersion ? engineVersion(release) : undefined;
  }

  get #actual(): World {
    return this.#worlds.actual;
  }

  get #observed(): World {
    return this.#worlds.observed;
  }

  pools(): Json[] {
    const uses = poolUses(this.#observed);
    return [...this.#actual.pools.values()].map((pool) => this.pool(pool, uses));
  }

  poolSpecs(): Json[] {
    return [...this.#actual.pools.values()].map((pool) => this.#poolSpec(pool));
  }

  nodes(): Json[] {
    return [...this.#actual.nodes.values()].map((node) => this.node(node));
  }

  pool(pool: PoolRecord, uses = poolUses(this.#observed)): Json {
    return {
      id: pool.name,
      spec: this.#poolSpec(pool),
      state: this.#poolState(this.#observed.pools.get(pool.name) ?? pool, uses.get(pool.name)),
    };
  }

  #poolSpec({ name, node, disks, labels, encrypted, cordon }: PoolRecord): Json {
    return {
      id: name,
      node,
      disks,
      labels: Object.keys(labels).length === 0 ? undefined : labels,
      status: 'Created',
      encrypted: this.#features.laterKeys ? encrypted : undefined,
      cordonDrain: cordon && { cordoned: cordon },
    };
  }

  /** Nothing is said of a pool that has not been found, and before 2.9 nothing of one whose node is silent. */
  #poolState(pool: PoolRecord, use: PoolUse = UNUSED): Json | undefined {
    const { laterKeys, commitment } = this.#features;
    const status = poolStatus(this.#observed, pool);
    if (status === 'Unknown' || (status === 'Offline' && !laterKeys)) return undefined;
    return {
      id: pool.name,
      node: pool.node,
      disks: pool.disks.map((disk) => `aio://${disk}`),
      capacity: pool.capacityBytes,
      used: use.usedBytes,
      committed: commitment ? use.committedBytes : undefined,
      status: status === 'Suspected' && !laterKeys ? 'Unknown' : status,
      encrypted: laterKeys ? pool.encrypted : undefined,
    };
  }

  node(node: NodeRecord): Json {
    const seen = this.#observed.nodes.get(node.name) ?? node;
    const common = {
      id: node.name,
      grpcEndpoint: `${node.name}:10124`,
      node_nqn: `nqn.2019-05.io.openebs:node-name:${node.name}`,
      version: this.#version,
    };
    return {
      id: node.name,
      spec: {
        ...common,
        labels: this.#features.nodeLabels && Object.keys(node.labels).length > 0 ? node.labels : undefined,
        cordondrainstate: this.#cordonState(node),
      },
      state: { ...common, status: seen.status },
    };
  }

  #cordonState({ name, cordons, drains }: NodeRecord): Json | undefined {
    if (drains.length > 0) {
      const hasTargets = [...this.#actual.volumes.values()].some(({ target }) => target?.node === name);
      return { [hasTargets ? 'drainingstate' : 'drainedstate']: { cordonlabels: cordons, drainlabels: drains } };
    }
    return cordons.length > 0 ? { cordonedstate: { cordonlabels: cordons } } : undefined;
  }

  /** The disks of the pools, and the one that the machine runs from, which is never usable. */
  blockDevices(node: NodeRecord, all: boolean): Json[] {
    if (!all) return [];
    const pools = [...this.#actual.pools.values()].filter((pool) => pool.node === node.name);
    const system = { link: '/dev/disk/by-id/ata-system', sizeBytes: SYSTEM_DISK_BYTES, rotational: false, bus: 'ata' };
    const disks = pools.flatMap(({ disks: links, capacityBytes, rotational }) =>
      links.map((link) => ({
        link,
        sizeBytes: Math.ceil(capacityBytes / links.length),
        rotational,
        bus: rotational ? 'ata' : 'nvme',
      })),
    );
    return [system, ...disks].map(({ link, sizeBytes, rotational, bus }, index) => ({
      available: false,
      connection_type: this.#features.diskMedia ? bus : undefined,
      devlinks: [link],
      devmajor: bus === 'nvme' ? 259 : 8,
      devminor: index * 16,
      devname: bus === 'nvme' ? `/dev/nvme${index}n1` : `/dev/sd${String.fromCharCode(97 + (index % 26))}`,
      devpath: `/devices/pci0000:00/block/${index}`,
      devtype: 'disk',
      is_rotational: this.#features.diskMedia ? rotational : undefined,
      model: rotational ? 'Rotational disk' : 'Solid state disk',
      size: Math.ceil(sizeBytes / BLOCK_BYTES),
    }));
  }
}
