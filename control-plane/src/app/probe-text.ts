/** The answers of probes, as text in the manner of the Kubernetes API server and as JSON. */
import type { HealthReport } from '../model/health.ts';

export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Alive: whether this process makes progress. What is wrong outside is no reason to start it again. */
export function liveness({ health, problems }: HealthReport): ProbeAnswer {
  if (problems.length === 0) return { status: 200, text: 'ok\n', json: { health, problems } };
  const lines = problems.map((problem) => `[-]${problem}\n`);
  return { status: 503, text: `${lines.join('')}livez check failed\n`, json: { health, problems } };
}

/** Ready: every dependency answers. Names each that does not. */
export function readiness({ health, problems, dependencies }: HealthReport): ProbeAnswer {
  const ready = health === 'Healthy';
  const lines = [
    ...problems.map((problem) => `[-]${problem}\n`),
    ...dependencies.map(({ name, healthy, reason, message }) =>
      healthy ? `[+]${name}: ok\n` : `[-]${name}: ${reason}: ${message}\n`,
    ),
  ];
  return {
    status: ready ? 200 : 503,
    text: `${lines.join('')}${health}: readyz check ${ready ? 'passed' : 'failed'}\n`,
    json: { health, problems, dependencies },
  };
}
