/** `GET /metrics` for Prometheus. */
import { answer, answersGet, controllerAt, type HttpRequest, type HttpResponse } from './routes.ts';

export interface Exposition {
  readonly contentType: string;
  expose(): Promise<string>;
}

export const EXPOSITION = 'Exposition';

export class MetricsController {
  readonly #exposition: Exposition;

  constructor(exposition: Exposition) {
    this.#exposition = exposition;
  }

  async metrics(_request: HttpRequest, response: HttpResponse): Promise<void> {
    answer(response, 200, this.#exposition.contentType, await this.#exposition.expose());
  }
}

controllerAt('metrics', MetricsController, EXPOSITION);
answersGet(MetricsController, 'metrics', '');
