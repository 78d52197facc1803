/**
 * One entry of `GET /v0/pools` as facts. A pool whose node is away has a specification and no state: it is there, in no known
 * state, and holds nothing that could be measured.
 */
import type { PoolFacts } from '../../model/cluster-snapshot.ts';
import type { JsonObject, Place } from './json-fields.ts';
import { nodeNameOf, poolNameOf, type Named } from './names.ts';

const POOL_STATES = ['Online', 'Degraded', 'Faulted'] as const;

/** Labels of DiskPool objects, by pool. */
export type PoolLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Thrown: CoucheStorError `unsupported`, which names the field. */
export function readPool(value: unknown, place: Place, objectLabels: PoolLabels): Named<PoolFacts> {
  const body = place.object(value);
  const id = place.at('id').text(body.id);
  const [specAt, stateAt] = [place.at('spec'), place.at('state')];
  const spec = specAt.optionalObject(body.spec);
  const state = stateAt.optionalObject(body.state);
  if (spec === undefined && state === undefined) throw place.refuse('a pool with a spec or a state');
  const nodeText = spec === undefined ? stateAt.at('node').text(state?.node) : specAt.at('node').text(spec.node);
  const [pool, node] = [poolNameOf(id), nodeNameOf(nodeText)];
  if (pool === undefined || node === undefined) return { kind: 'unnameable', name: id };
  const topologyLabels = specAt.at('labels').labels(spec?.labels);
  const facts: PoolFacts = {
    pool,
    node,
    status: statusOf(spec, state, place),
    ...sizesOf(state, stateAt),
    labels: { ...objectLabels.get(id), ...topologyLabels },
    topologyLabels,
    ...cordonOf(spec, specAt),
    encrypted: state?.encrypted === true || spec?.encrypted === true || isThere(spec?.encryption),
  };
  return { kind: 'named', name: id, facts };
}

/** One that is being made or deleted is not a place to put anything, whatever its state. */
function statusOf(spec: JsonObject | undefined, state: JsonObject | undefined, place: Place): PoolFacts['status'] {
  const settled = spec?.status === undefined || spec.status === 'Created';
  return settled ? place.state(state?.status, POOL_STATES) : 'Unknown';
}

function sizesOf(
  state: JsonObject | undefined,
  at: Place,
): Pick<PoolFacts, 'capacityBytes' | 'usedBytes' | 'committedBytes'> {
  if (state === undefined) return { capacityBytes: 0, usedBytes: 0, committedBytes: undefined };
  return {
    capacityBytes: at.at('capacity').count(state.capacity),
    usedBytes: at.at('used').count(state.used),
    committedBytes: at.at('committed').optionalCount(state.committed),
  };
}

/**
 * Since 2.10: `cordonDrain: {cordoned: {replicas, snapshots, restores, import}}`. Only `replicas` keeps new replicas away; what
 * is of another shape, such as a drain, is taken to do so as well.
 */
function cordonOf(
  spec: JsonObject | undefined,
  place: Place,
): Pick<PoolFacts, 'cordoned'> & { readonly cordonedByOthers?: true } {
  const cordon = place.at('cordonDrain').optionalObject(spec?.cordonDrain);
  if (cordon === undefined) return { cordoned: false };
  const cordoned = place.at('cordonDrain').at('cordoned').optionalObject(cordon.cordoned);
  const isDrained = Object.entries(cordon).some(([name, part]) => name !== 'cordoned' && isThere(part));
  if (!isDrained && cordoned?.replicas === false) return { cordoned: false };
  const isMore = Object.entries(cordoned ?? {}).some(([name, part]) => name !== 'replicas' && part === true);
  return { cordoned: true, ...(isDrained || isMore ? { cordonedByOthers: true } : {}) };
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}
