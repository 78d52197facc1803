/** One entry of `GET /v0/nodes` as facts. */
import type { NodeFacts } from '../../model/cluster-snapshot.ts';
import { isObject, type Place } from './json-fields.ts';
import { nodeNameOf, type Named } from './names.ts';
import { cordonLabelsOf } from './read-cordon.ts';

const NODE_STATES = ['Online', 'Offline'] as const;

/** Thrown: CoucheStorError `unsupported`, which names the field. */
export function readNode(value: unknown, place: Place): Named<NodeFacts> {
  const body = place.object(value);
  const id = place.at('id').text(body.id);
  const specAt = place.at('spec');
  const spec = specAt.optionalObject(body.spec);
  const state = place.at('state').optionalObject(body.state);
  const node = nodeNameOf(id);
  if (node === undefined) return { kind: 'unnameable', name: id };
  const labels = specAt.at('labels').labels(spec?.labels);
  const cordon = specAt.at('cordondrainstate').optionalObject(spec?.cordondrainstate);
  const cordonLabels = cordon && cordonLabelsOf(cordon);
  const facts: NodeFacts = {
    node,
    status: place.state(state?.status, NODE_STATES),
    // Cordoned, draining or drained: each of them keeps new replicas away.
    cordoned: cordon !== undefined,
    ...(cordonLabels === undefined ? {} : { cordonLabels }),
    labels,
    topologyLabels: labels,
    // Zones are labels of the Kubernetes node, of which Mayastor does not know.
    failureDomain: node,
  };
  return { kind: 'named', name: id, facts };
}

/** Of the engine that runs there, as releases since 2.7 say it; empty when it is not said. */
export function engineVersionOf(value: unknown): string {
  const state = isObject(value) ? value.state : undefined;
  return isObject(state) && typeof state.version === 'string' ? state.version : '';
}
