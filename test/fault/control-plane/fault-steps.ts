/** What goes wrong in a run between the operator and the systems that it asks. Faults add up until they are cleared. */
import type { FaultEffect as KubeEffect } from '@couchestor/sandbox/kube';
import type { FaultEffect as MayastorEffect, RandomDraws } from '@couchestor/sandbox/mayastor';
import { OPERATOR } from '../../integration/tiering/chain.ts';
import { PROMETHEUS_FAULTS } from './prometheus-front.ts';
import type { SoakWorld, Step } from './soak-world.ts';

const MAYASTOR_EFFECTS: readonly MayastorEffect[] = [
  { kind: 'delay', ms: 3_000 },
  { kind: 'hang' },
  { kind: 'reset' },
  { kind: 'garbage' },
  { kind: 'truncated' },
  { kind: 'status', code: 500 },
  { kind: 'status', code: 503 },
  { kind: 'status', code: 401 },
  { kind: 'status', code: 504, text: '<html>upstream timed out</html>' },
];
const MAYASTOR_PATHS = [/^\/v0\/volumes/, /^\/v0\/pools/, /^\/v0\/nodes/, /^/];

const KUBE_EFFECTS: readonly KubeEffect[] = [
  { kind: 'delay', ms: 30 },
  { kind: 'drop' },
  { kind: 'reset' },
  { kind: 'status', code: 429, retryAfterSeconds: 1 },
  { kind: 'status', code: 500 },
  { kind: 'status', code: 503 },
  { kind: 'status', code: 410 },
  { kind: 'after-effect', then: 'reset' },
  { kind: 'after-effect', then: 'status' },
];
const KUBE_VERBS = ['list', 'watch', 'get', 'update', 'patch', 'create', 'any'];
const WATCH_EFFECTS: readonly KubeEffect[] = [
  { kind: 'half-open-watch' },
  { kind: 'watch-events', mode: 'duplicate' },
  { kind: 'watch-events', mode: 'reorder' },
  { kind: 'watch-events', mode: 'drop' },
];

function strikeMayastor({ around }: SoakWorld, draws: RandomDraws): void {
  around.cluster.faults.add({
    match: { path: draws.oneOf(MAYASTOR_PATHS) },
    nth: draws.integer(1, 3),
    times: draws.integer(1, 8),
    when: draws.oneOf(['before', 'after']),
    effect: draws.oneOf(MAYASTOR_EFFECTS),
  });
}

function strikeKubernetes({ around }: SoakWorld, draws: RandomDraws): void {
  const verb = draws.oneOf(KUBE_VERBS);
  const match = { user: OPERATOR, ...(verb === 'any' ? {} : { verb }) };
  around.kube.faults.add({ match, times: draws.integer(1, 6), effect: draws.oneOf(KUBE_EFFECTS) });
}

function strikeWatches({ around }: SoakWorld, draws: RandomDraws): void {
  const effect = draws.oneOf(WATCH_EFFECTS);
  around.kube.faults.add({ match: { user: OPERATOR, verb: 'watch' }, times: draws.integer(1, 3), effect });
}

function strikePrometheus({ prometheus }: SoakWorld, draws: RandomDraws): void {
  prometheus.fault = draws.oneOf(PROMETHEUS_FAULTS);
}

export const FAULT_STEPS: readonly Step[] = [
  { name: 'Mayastor fails', weight: 8, run: strikeMayastor },
  { name: 'Kubernetes fails', weight: 8, run: strikeKubernetes },
  { name: 'watches fail', weight: 4, run: strikeWatches },
  { name: 'Kubernetes forgets its past', weight: 1, run: ({ around }) => around.kube.compact() },
  { name: 'connections to Kubernetes break', weight: 2, run: ({ proxy }) => proxy.reset() },
  { name: 'connections to Kubernetes fall silent', weight: 1, run: ({ proxy }) => proxy.freeze() },
  { name: 'Prometheus fails', weight: 8, run: strikePrometheus },
  { name: 'Prometheus answers', weight: 4, run: ({ prometheus }) => void (prometheus.fault = undefined) },
  { name: 'faults end', weight: 4, run: (world) => world.clearFaults() },
];
