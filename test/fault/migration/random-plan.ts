/** What a run of the random mode does, drawn from its seed before anything happens, so that it can be told and done again. */
import { RandomDraws, type ErrorKind } from '@couchestor/sandbox/mayastor';

const ERRORS: readonly ErrorKind[] = [
  'FailedPrecondition',
  'Conflict',
  'ResourceExhausted',
  'CapacityLimitExceeded',
  'AlreadyExists',
  'Unauthorized',
  'FailedPersist',
  'Unavailable',
  'Timeout',
  'DeadlineExceeded',
];
/** Boundaries of a move, in words of the process. */
const MARKS: readonly string[] = [
  'write Adding Cordon',
  'cordonPool Adding',
  'write Adding Add',
  'setReplicaCount Adding',
  'uncordonPool Adding',
  'releaseLock Adding',
  'write Syncing Uncordon',
  'write Verifying Uncordon',
  'takeLock Removing',
  'cordonNode Removing',
  'write Removing Remove',
  'setReplicaCount Removing',
  'uncordonNode Removing',
  'write Completed',
].flatMap((mark) => [`before ${mark}`, `after ${mark}`]);
const KUBE_FAILURES = ['500', 'reset', 'drop', 'after-effect'] as const;
const HAPPENINGS = [
  'cancel',
  'cancel and clean up',
  'delete',
  'approve',
  'republish',
  'resize',
  'delete the volume',
  'fail its rebuild',
] as const;
const NODES = ['hot-1', 'hot-2', 'cold-1', 'cold-2'];

export type Deed =
  | { readonly kind: 'move'; readonly manual: boolean }
  /** Of one of the replicas at once, or of each that comes to a boundary. */
  | { readonly kind: 'kill' | 'stop'; readonly replica: number; readonly mark: string; readonly forMs: number }
  | { readonly kind: 'refuse'; readonly error: ErrorKind; readonly times: number }
  | { readonly kind: 'lose'; readonly when: 'before' | 'after'; readonly times: number }
  | { readonly kind: 'kubernetes'; readonly failure: (typeof KUBE_FAILURES)[number]; readonly forMs: number }
  | { readonly kind: 'volume'; readonly what: (typeof HAPPENINGS)[number]; readonly index: number }
  | { readonly kind: 'node'; readonly node: string; readonly forMs: number }
  | { readonly kind: 'policy'; readonly what: 'edit' | 'delete' };

export interface Step {
  readonly deed: Deed;
  /** Until the next, of the faster clock. */
  readonly restMs: number;
}

export const REPLICAS = 2;

type Draw = readonly [weight: number, draw: (draws: RandomDraws) => Deed];

const DRAWS: readonly [Draw, ...Draw[]] = [
  [2, (draws) => ({ kind: 'move', manual: draws.chance(0.2) })],
  [5, (draws) => ({ kind: 'kill', ...aim(draws) })],
  [3, (draws) => ({ kind: 'stop', ...aim(draws) })],
  [3, (draws) => ({ kind: 'refuse', error: draws.oneOf(ERRORS), times: draws.integer(1, 3) })],
  [3, (draws) => ({ kind: 'lose', when: draws.oneOf(['before', 'after']), times: draws.integer(1, 3) })],
  [3, (draws) => ({ kind: 'kubernetes', failure: draws.oneOf(KUBE_FAILURES), forMs: draws.integer(500, 15_000) })],
  [6, (draws) => ({ kind: 'volume', what: draws.oneOf(HAPPENINGS), index: draws.integer(0, 9) })],
  [2, (draws) => ({ kind: 'node', node: draws.oneOf(NODES), forMs: draws.integer(1_000, 20_000) })],
  [2, (draws) => ({ kind: 'policy', what: draws.oneOf(['edit', 'delete']) })],
];

function aim(draws: RandomDraws): { readonly replica: number; readonly mark: string; readonly forMs: number } {
  return {
    replica: draws.integer(0, REPLICAS - 1),
    mark: draws.chance(0.6) ? draws.oneOf(MARKS) : '',
    forMs: draws.integer(7_000, 20_000),
  };
}

/** Every third step begins a move, so that there is something to hit. */
export function planOf(seed: number, stepCount: number): readonly Step[] {
  const draws = new RandomDraws(seed * 7919 + 97);
  const [move] = DRAWS;
  return Array.from({ length: stepCount }, (_, index) => {
    const [, draw] = index % 3 === 0 ? move : draws.weighted(DRAWS, ([weight]) => weight);
    return { deed: draw(draws), restMs: draws.integer(200, 6_000) };
  });
}

export function tell({ deed, restMs }: Step): string {
  const { kind, ...rest } = deed;
  const words = Object.entries(rest).flatMap(([name, value]) => (value === '' ? [] : [`${name} ${String(value)}`]));
  return `${kind} ${words.join(', ')}; then ${restMs} ms`;
}
