/**
 * The HTTP servers of the control plane, one Nest application each because each has an address of its own: metrics and probes
 * for the cluster, the read model for this machine alone unless it is told otherwise.
 */
import 'reflect-metadata';
import type { Server } from 'node:http';
import {
  Catch,
  HttpException,
  Module,
  type ArgumentsHost,
  type INestApplication,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { CoucheStorError, InvariantError, toCoucheStorError, type Logger } from '@couchestor/common/base';
import type { DecisionBoard } from '../model/decision-board.ts';
import { DECISION_BOARD, DecisionsController } from './decisions-controller.ts';
import { EXPOSITION, MetricsController, type Exposition } from './metrics-controller.ts';
import { HEALTH_CHECK, ProbesController, type HealthCheck } from './probes-controller.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { answerJson, type HttpResponse } from './routes.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface HttpServersOptions {
  readonly metrics: Address;
  readonly probes: Address;
  readonly api: Address;
  readonly exposition: Exposition;
  readonly healthCheck: HealthCheck;
  readonly board: DecisionBoard;
  readonly logger: Logger;
  /** A request met a broken invariant: the process must not go on. */
  readonly onBroken: (error: InvariantError) => void;
}

export interface HttpServers {
  /** Where each listens, such as `http://127.0.0.1:8090`. */
  readonly urls: { readonly metrics: string; readonly probes: string; readonly api: string };
  /** Answers what is under way, then closes. */
  close(): Promise<void>;
}

/** Far more than probes, a scraper and a few people need. */
const MAX_CONNECTIONS = 256;
const REQUEST_TIMEOUT_MS = 30_000;
/** Failures are thrown, and told in this process's own words. */
const QUIET: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = { logger: false, abortOnError: false };

/** Thrown when one of the addresses cannot be listened on: CoucheStorError, which names it; then none is. */
export async function startHttpServers(options: HttpServersOptions): Promise<HttpServers> {
  const started: INestApplication[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((application) => application.close()));
  };
  const start = async (served: Served): Promise<string> => {
    const application = await createApplication(served, options);
    started.push(application);
    return listen(application, served.at);
  };
  const { metrics, probes, api, exposition, healthCheck, board } = options;
  try {
    return {
      urls: {
        metrics: await start({ at: metrics, controller: MetricsController, token: EXPOSITION, value: exposition }),
        probes: await start({ at: probes, controller: ProbesController, token: HEALTH_CHECK, value: healthCheck }),
        api: await start({ at: api, controller: DecisionsController, token: DECISION_BOARD, value: board }),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Served {
  readonly at: Address;
  readonly controller: Type;
  readonly token: string;
  readonly value: unknown;
}

async function createApplication(
  { controller, token, value }: Served,
  { logger, onBroken }: HttpServersOptions,
): Promise<INestApplication> {
  class HttpModule {
    readonly serves = token;
  }
  Module({ controllers: [controller], providers: [{ provide: token, useValue: value }] })(HttpModule);
  const application = await NestFactory.create(HttpModule, new ExpressAdapter(), QUIET);
  application.useGlobalFilters(new ProblemFilter(logger, onBroken));
  const server = application.getHttpServer() as Server;
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return application;
}

async function listen(application: INestApplication, { host, port }: Address): Promise<string> {
  try {
    await application.listen(port, host);
  } catch (error) {
    const { code, message } = toCoucheStorError(error);
    throw new CoucheStorError(code, `Cannot listen on ${host} port ${port}: ${message}`, { cause: error });
  }
  const address = (application.getHttpServer() as Server).address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${listening}`;
}

class ProblemFilter {
  readonly #logger: Logger;
  readonly #onBroken: (error: InvariantError) => void;

  constructor(logger: Logger, onBroken: (error: InvariantError) => void) {
    this.#logger = logger;
    this.#onBroken = onBroken;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const problem = problemOf(thrown instanceof HttpException ? errorOfNest(thrown) : thrown);
    answerJson(host.switchToHttp().getResponse<HttpResponse>(), problem.status, problem, PROBLEM_TYPE);
    if (problem.status === 500) this.#logger.error('A request failed.', { error: thrown });
    if (thrown instanceof InvariantError) this.#onBroken(thrown);
  }
}

Catch()(ProblemFilter);

/** What Nest itself refuses: a path or a method that nothing answers, or a URL that cannot be decoded. */
function errorOfNest(exception: HttpException): CoucheStorError {
  const code = exception.getStatus() === 404 ? 'notFound' : exception.getStatus() < 500 ? 'invalid' : 'internal';
  return new CoucheStorError(code, exception.message, { cause: exception });
}
