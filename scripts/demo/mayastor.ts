/** What the demo asks Mayastor and its stand-in directly, past the operator: where replicas really are, and whether all was safe. */

const REQUEST_TIMEOUT_MS = 5_000;

export interface DemoVolume {
  readonly volumeId: string;
  /** What it is an example of, such as `busy` or `unpublished`. */
  readonly kind: string;
  readonly claim: { readonly namespace: string; readonly name: string; readonly storageClassName: string };
}

export interface Violation {
  readonly volumeId: string;
  readonly request: string;
  readonly message: string;
}

interface Volumes {
  readonly entries: readonly {
    readonly spec: { readonly uuid: string; readonly num_replicas: number };
    readonly state: { readonly replica_topology: Readonly<Record<string, { readonly pool?: string }>> };
  }[];
}

type Pools = readonly { readonly id: string; readonly spec?: { readonly labels?: Readonly<Record<string, string>> } }[];

export class DemoMayastor {
  readonly #url: string;
  readonly #controlUrl: string;

  constructor(urls: { readonly mayastorUrl: string; readonly controlUrl: string }) {
    this.#url = `${urls.mayastorUrl}/v0`;
    this.#controlUrl = urls.controlUrl;
  }

  async volumes(): Promise<readonly DemoVolume[]> {
    return (await json<{ volumes: DemoVolume[] }>(`${this.#controlUrl}/volumes`)).volumes;
  }

  /** Of each volume, the tiers of its replicas: `hot` if all are there, `hot cold` in the middle of a move. */
  async tiers(): Promise<ReadonlyMap<string, string>> {
    const [{ entries }, pools] = await Promise.all([
      json<Volumes>(`${this.#url}/volumes?max_entries=0`),
      json<Pools>(`${this.#url}/pools`),
    ]);
    const tierOf = new Map(pools.map(({ id, spec }) => [id, spec?.labels?.tier ?? '?']));
    return new Map(
      entries.map(({ spec, state }) => {
        const tiers = Object.values(state.replica_topology).map(({ pool }) => tierOf.get(pool ?? '') ?? '?');
        const isAsAsked = tiers.length === spec.num_replicas;
        return [spec.uuid, isAsAsked ? [...new Set(tiers)].sort().join(' ') : tiers.sort().join(' ')];
      }),
    );
  }

  /** Plays the application of a volume from now on. */
  async run(volumeId: string, operationsPerSecond: number): Promise<void> {
    const readOps = Math.round(operationsPerSecond * 0.7);
    const body = JSON.stringify({ readOps, writeOps: operationsPerSecond - readOps });
    await json(`${this.#controlUrl}/volumes/${volumeId}/workload`, { method: 'PUT', body });
  }

  /** Every time anything left a volume with fewer good copies than it asks for, or put two on one node. */
  async violations(): Promise<readonly Violation[]> {
    return (await json<{ violations: Violation[] }>(`${this.#controlUrl}/safety`)).violations;
  }
}

async function json<T>(url: string, request: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
