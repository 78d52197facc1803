/** `/healthz` and `/livez`: whether to start this process again; `/readyz`: whether everything it needs answers. */
import type { HealthReport } from '../model/health.ts';
import { liveness, readiness, type ProbeAnswer } from './probe-text.ts';
import { answer, answerJson, answersGet, controllerAt, type HttpRequest, type HttpResponse } from './routes.ts';

export type HealthCheck = () => HealthReport;

export const HEALTH_CHECK = 'HealthCheck';

export class ProbesController {
  readonly #check: HealthCheck;

  constructor(check: HealthCheck) {
    this.#check = check;
  }

  live(request: HttpRequest, response: HttpResponse): void {
    respond(request, response, liveness(this.#check()));
  }

  ready(request: HttpRequest, response: HttpResponse): void {
    respond(request, response, readiness(this.#check()));
  }
}

controllerAt('', ProbesController, HEALTH_CHECK);
answersGet(ProbesController, 'live', ['healthz', 'livez']);
answersGet(ProbesController, 'ready', 'readyz');

function respond(request: HttpRequest, response: HttpResponse, { status, text, json }: ProbeAnswer): void {
  const wantsJson = request.query.format === 'json' || request.accepts(['text', 'json']) === 'json';
  if (wantsJson) answerJson(response, status, json);
  else answer(response, status, 'text/plain; charset=utf-8', text);
}
