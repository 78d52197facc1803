/**
 * How well this process does its work. Unhealthy: it makes no progress any more and had better be started again. Degraded: it
 * works, and something that it needs does not answer, so it decides nothing or less; starting it again would not help.
 */

/** Whether something that decisions rest on can be relied on now. */
export interface Readiness {
  readonly healthy: boolean;
  /** CamelCase, for machines. */
  readonly reason: string;
  /** One sentence for people. */
  readonly message: string;
}

export interface Dependency extends Readiness {
  /** As it stands in the answer of a probe, such as `prometheus`. */
  readonly name: string;
}

export type Health = 'Healthy' | 'Degraded' | 'Unhealthy';

export interface HealthReport {
  readonly health: Health;
  /** What makes it Unhealthy, a sentence each. */
  readonly problems: readonly string[];
  readonly dependencies: readonly Dependency[];
}

export function healthOf(problems: readonly string[], dependencies: readonly Dependency[]): HealthReport {
  const waiting = dependencies.some(({ healthy }) => !healthy);
  const health: Health = problems.length > 0 ? 'Unhealthy' : waiting ? 'Degraded' : 'Healthy';
  return { health, problems, dependencies };
}
