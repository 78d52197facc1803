/**
 * Processor, memory and network of the node, for people. They come from systeminformation, which asks the machine it runs on and
 * runs lscpu and its like: so this is read once at start and on demand, never in a periodic pass, and says nothing about a
 * tree below another root. What could not be learnt is absent with its reason; nothing decides on any of it.
 */
import { toCoucheStorError, withDeadline, type Clock } from '@couchestor/common/base';
import { at, booleanAt, listAt, numberAt, textAt } from '../loose-value.ts';

export interface ProcessorFacts {
  readonly model: string | null;
  readonly sockets: number | null;
  readonly cores: number | null;
  readonly threads: number | null;
}

export interface MemoryFacts {
  readonly totalBytes: number;
  readonly availableBytes: number | null;
}

export interface NetworkInterfaceFacts {
  readonly name: string;
  readonly mac: string | null;
  readonly addresses: readonly string[];
  readonly mtu: number | null;
  readonly speedMbps: number | null;
  readonly up: boolean;
  readonly virtual: boolean;
}

/** A fact, or why there is none. */
export type Fact<T> =
  { readonly kind: 'known'; readonly value: T } | { readonly kind: 'unknown'; readonly reason: string };

export interface NodeFacts {
  readonly processor: Fact<ProcessorFacts>;
  readonly memory: Fact<MemoryFacts>;
  /** Sorted by name; without the loopback. */
  readonly network: Fact<readonly NetworkInterfaceFacts[]>;
}

/** What is asked of systeminformation; what comes back is looked at as it were anything. */
export interface NodeFactsSource {
  cpu(): Promise<unknown>;
  mem(): Promise<unknown>;
  networkInterfaces(): Promise<unknown>;
}

/** A program that systeminformation waits for may hang; facts for people are not worth more than this. */
const PATIENCE_MS = 10_000;

/** Never rejects. Loads systeminformation on first use, since most processes never ask. */
export async function readNodeFacts(
  clock: Clock,
  load: () => Promise<NodeFactsSource> = () => import('systeminformation'),
): Promise<NodeFacts> {
  const ask = async <T>(what: (source: NodeFactsSource) => Promise<unknown>, read: (raw: unknown) => T | null) => {
    try {
      const raw = await withDeadline({ clock, timeoutMs: PATIENCE_MS, what: 'Asking systeminformation' }, async () =>
        what(await load()),
      );
      const value = read(raw);
      return value === null
        ? ({ kind: 'unknown', reason: 'systeminformation could not tell' } as const)
        : ({ kind: 'known', value } as const);
    } catch (thrown) {
      return { kind: 'unknown', reason: toCoucheStorError(thrown).message } as const;
    }
  };
  return {
    processor: await ask((source) => source.cpu(), processorOf),
    memory: await ask((source) => source.mem(), memoryOf),
    network: await ask((source) => source.networkInterfaces(), networkOf),
  };
}

function processorOf(raw: unknown): ProcessorFacts | null {
  const model = [textAt(raw, 'manufacturer'), textAt(raw, 'brand')].filter((part) => part !== undefined).join(' ');
  const facts = {
    model: model === '' ? null : model,
    sockets: countAt(raw, 'processors'),
    cores: countAt(raw, 'physicalCores'),
    threads: countAt(raw, 'cores'),
  };
  return Object.values(facts).every((fact) => fact === null) ? null : facts;
}

function memoryOf(raw: unknown): MemoryFacts | null {
  const totalBytes = countAt(raw, 'total');
  return totalBytes === null ? null : { totalBytes, availableBytes: countAt(raw, 'available') };
}

/** One interface comes as itself, several as a list. */
function networkOf(raw: unknown): readonly NetworkInterfaceFacts[] | null {
  if (typeof raw !== 'object' || raw === null) return null;
  const interfaces = Array.isArray(raw) ? listAt(raw) : [raw];
  return interfaces
    .filter((one) => textAt(one, 'iface') !== undefined && at(one, 'internal') !== true)
    .map((one) => ({
      name: textAt(one, 'iface') ?? '',
      mac: textAt(one, 'mac') ?? null,
      addresses: [textAt(one, 'ip4'), textAt(one, 'ip6')].filter((address) => address !== undefined),
      mtu: countAt(one, 'mtu'),
      speedMbps: countAt(one, 'speed'),
      up: textAt(one, 'operstate') === 'up',
      virtual: booleanAt(one, 'virtual') === true,
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** It says 0 or -1 for what it does not know. */
function countAt(raw: unknown, key: string): number | null {
  const count = numberAt(raw, key);
  return count !== undefined && count > 0 ? count : null;
}
