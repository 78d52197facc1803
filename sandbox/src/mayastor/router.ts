/** From method and path to a handler. What a release does not have is not found, like any path that never existed. */
import type { MayastorCluster } from './cluster.ts';
import type { Features } from './features.ts';
import type { Fields, Query } from './input.ts';
import type { InfrastructureDocuments } from './infrastructure-documents.ts';
import type { VolumeDocuments } from './volume-documents.ts';

/** What a handler has to answer with. */
export interface RouteContext {
  readonly cluster: MayastorCluster;
  readonly volumes: VolumeDocuments;
  readonly infrastructure: InfrastructureDocuments;
  /** Of the path, decoded. */
  readonly params: readonly string[];
  readonly query: Query;
  /** Thrown when there is none or it cannot be read: MayastorError `Deserialize`. */
  body(): Fields;
}

/** What it returns becomes the body of a 200; nothing, a 204. */
export type Handler = (context: RouteContext) => unknown;

export interface Route {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Below `/v0`; each `{}` is a parameter, within one segment. */
  readonly path: string;
  readonly feature?: keyof Features;
  readonly handle: Handler;
}

export class Router {
  readonly #routes: readonly { readonly route: Route; readonly pattern: RegExp }[];

  constructor(routes: readonly Route[], features: Features) {
    this.#routes = routes
      .filter(({ feature }) => feature === undefined || features[feature])
      .map((route) => ({ route, pattern: patternOf(route.path) }));
  }

  find(method: string, path: string): { handle: Handler; params: readonly string[] } | undefined {
    for (const { route, pattern } of this.#routes) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (match !== null) return { handle: route.handle, params: match.slice(1).map(decode) };
    }
    return undefined;
  }
}

function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll('{}', '([^/]+)');
  return new RegExp(`^/v0${escaped}$`);
}

/** What is not a valid escape stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A parameter that the path of the route is known to have. */
export function param({ params }: RouteContext, index: number): string {
  return params[index] ?? '';
}
