/** The codec on each engine, beside its peers: every operation on every stripe, all of one shape in turns. */
import { createNativeEngine } from '@couchestor/common/coding';
import type { ShardArena } from '@couchestor/common/erasure';
import {
  createScheme,
  ErasureCodec,
  TypeScriptEngine,
  WasmEngine,
  type ErasureEngine,
  type SchemeParameters,
} from '@couchestor/common/erasure';
import type { Row } from '../row.ts';
import { IsalDriver } from './isal-driver.ts';
import { loadRonomon, ronomonContender } from './ronomon.ts';
import { best, rateOf, sampleCalls, takeTurns, type Contender, type Samples, type Sampling } from './samples.ts';
import { digestOf, Stripe, type Operation } from './stripe.ts';

const SCHEMES: readonly SchemeParameters[] = [
  { kind: 'reedSolomon', dataShards: 4, parityShards: 2 },
  { kind: 'reedSolomon', dataShards: 8, parityShards: 3 },
  { kind: 'reedSolomon', dataShards: 10, parityShards: 4 },
  { kind: 'lrc', dataShards: 12, localGroups: 2, globalParities: 2 },
];

/** ISA-L's plain C takes a quarter of a second for some calls. */
const BASE_ROUNDS = 3;

export interface Measured {
  readonly shape: string;
  /** `encode`, `reconstruct 1`, `reconstruct m`, `range`, `verify`. */
  readonly kind: string;
  readonly shardBytes: number;
  readonly userBytes: number;
  /** By contender. */
  readonly samples: ReadonlyMap<string, Samples>;
}

export interface CodecSizes {
  readonly shardBytes: readonly number[];
  readonly sampling: Sampling;
}

/** Native only where its addon is there. */
export function enginesOn(arena: ShardArena): ErasureEngine[] {
  const engines: ErasureEngine[] = [WasmEngine.on(arena), new TypeScriptEngine()];
  try {
    return [createNativeEngine(), ...engines];
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return engines;
  }
}

export async function measureCodec(
  arena: ShardArena,
  engines: readonly ErasureEngine[],
  sizes: CodecSizes,
): Promise<Measured[]> {
  const isal = IsalDriver.start();
  const ronomon = loadRonomon();
  const measured: Measured[] = [];
  try {
    for (const parameters of SCHEMES) {
      const scheme = createScheme(parameters);
      const codecs = engines.map((engine) => new ErasureCodec(scheme, engine));
      for (const shardBytes of sizes.shardBytes) {
        const stripe = new Stripe(scheme, shardBytes, arena);
        await isal?.useStripe(stripe);
        for (const operation of stripe.operations()) {
          await checkSameBytes(codecs, operation, isal);
          const contenders = [
            ...codecs.map((codec) => engineContender(codec, operation)),
            memcpyContender(arena, stripe, operation),
            ...(isal === undefined ? [] : isalContenders(isal)),
            ronomon === undefined ? undefined : ronomonContender(ronomon, stripe, operation),
          ].filter((contender) => contender !== undefined);
          const samples = await takeTurns(contenders, sizes.sampling);
          const { shape, kind, userBytes } = operation;
          measured.push({ shape, kind, shardBytes, userBytes, samples });
        }
        stripe.release();
      }
    }
  } finally {
    isal?.close();
  }
  return measured;
}

const SUBJECTS = ['native', 'wasm', 'typescript'];
const PEERS = ['isa-l-c', 'isa-l-base', 'ronomon', 'memcpy'];

/** The best sample of each. */
export function codecRows(measured: readonly Measured[]): Row[] {
  return measured.flatMap(({ shape, userBytes, samples }) => {
    const rates = (names: readonly string[]): [string, number][] =>
      names.flatMap((name) => {
        const taken = samples.get(name);
        return taken === undefined ? [] : [[name, rateOf(userBytes, best(taken))] as [string, number]];
      });
    const peers = Object.fromEntries(rates(PEERS));
    return rates(SUBJECTS).map(([subject, value]) => ({ area: 'erasure', shape, subject, value, unit: 'MB/s', peers }));
  });
}

/** Figures of contenders that do different things would say nothing. It also computes the parity that the next operations start from. */
async function checkSameBytes(
  codecs: readonly ErasureCodec[],
  operation: Operation,
  isal: IsalDriver | undefined,
): Promise<void> {
  const digests = codecs.map((codec) => {
    if (operation.name !== 'verify') for (const bytes of operation.results) bytes.fill(0);
    operation.prepare(codec)();
    return digestOf(operation.results);
  });
  if (isal !== undefined) digests.push(await isal.useWork(operation.plain));
  if (new Set(digests).size !== 1) throw new Error(`not all compute the same bytes: ${operation.shape}`);
}

function engineContender(codec: ErasureCodec, operation: Operation): Contender {
  const call = operation.prepare(codec);
  return { name: codec.engine.name, take: (sampling) => sampleCalls(call, sampling) };
}

/** The user data to another place; of a range, the ranges. */
function memcpyContender(arena: ShardArena, { data, spare }: Stripe, { plain }: Operation): Contender {
  // One view of everything: Node copies a whole view of shared memory word by word.
  const memory = Buffer.from(arena.memory.buffer);
  const { offset, length } = plain;
  const froms = data.map(({ byteOffset }) => byteOffset + offset);
  const tos = spare.map(({ byteOffset }) => byteOffset + offset);
  const call = (): void => {
    for (let shard = 0; shard < froms.length; shard += 1) {
      const from = froms[shard] ?? 0;
      memory.copy(memory, tos[shard], from, from + length);
    }
  };
  return { name: 'memcpy', take: (sampling) => sampleCalls(call, sampling) };
}

function isalContenders(isal: IsalDriver): Contender[] {
  return [
    { name: 'isa-l-c', take: (sampling) => isal.time('isal', sampling) },
    { name: 'isa-l-base', take: (sampling) => isal.time('base', sampling), rounds: BASE_ROUNDS },
  ];
}
