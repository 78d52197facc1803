/**
 * From an authorized request to its answer: health, version, discovery and OpenAPI here, resources by their handlers.
 */
import { ApiError } from '../api-error.ts';
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions } from '../discovery.ts';
import { openApiV2, openApiV2Protobuf, openApiV3, openApiV3Index } from '../openapi/index.ts';
import type { Registry } from '../registry.ts';
import type { JsonObject, ResourceType } from '../types.ts';
import { json } from './messages.ts';
import type { Answer, ApiRequest, StreamAnswer } from './messages.ts';
import { isJson, negotiate, parseAccept } from './negotiation.ts';
import type { ResourceHandlers } from './resources.ts';
import type { VirtualResources } from './virtual-resources.ts';

/**
 * What clients are told they talk to; features are those that this module and its neighbours have, not those of a
 * release.
 */
export const kubernetesVersion = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2024-12-11T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'couchestor/sandbox',
};

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
/** What clients ask for, though it is no valid media type, and what they are answered, which is. */
const openApiV2Asked = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const openApiV2Type = openApiV2Asked.replace('@', '.');
const isOpenApiV2 = (type: string): boolean => type === openApiV2Asked || type === openApiV2Type;
const healthPaths: ReadonlySet<string> = new Set(['healthz', 'livez', 'readyz']);
const rootPaths = ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'];

export class Dispatcher {
  readonly #registry: Registry;
  readonly #resources: ResourceHandlers;
  readonly #virtual: VirtualResources;
  /** OpenAPI documents are made when first asked for, and made anew when the types change. */
  #documents = new Map<string, unknown>();
  #documentsFor: readonly ResourceType[] = [];

  constructor(parts: { registry: Registry; resources: ResourceHandlers; virtual: VirtualResources }) {
    this.#registry = parts.registry;
    this.#resources = parts.resources;
    this.#virtual = parts.virtual;
  }

  async dispatch(request: ApiRequest): Promise<Answer | StreamAnswer> {
    const { target } = request;
    if (target.kind === 'path') {
      if (request.method !== 'GET' && request.method !== 'HEAD') throw ApiError.methodNotAllowed();
      return this.#path(request, target.segments);
    }
    const type = this.#registry.find(target.group, target.version, target.resource);
    if (type === undefined) throw ApiError.noSuchPath();
    return (await this.#virtual.handle(request, target, type)) ?? this.#resources.handle(request, target, type);
  }

  #path(request: ApiRequest, [first, second, third, ...more]: readonly string[]): Answer {
    if (first === undefined) return json({ paths: rootPaths });
    if (healthPaths.has(first)) return { code: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' };
    if (first === 'version' && second === undefined) return json(kubernetesVersion);
    if (first === 'openapi' && second === 'v2' && third === undefined) return this.#openApiV2(request);
    if (first === 'openapi' && second === 'v3') return this.#openApiV3(third, more);
    if (first === 'api' || first === 'apis') {
      if (third === undefined || first === 'apis') return this.#discovery(request, first, [second, third]);
    }
    throw ApiError.noSuchPath();
  }

  #discovery(request: ApiRequest, root: 'api' | 'apis', [second, third]: (string | undefined)[]): Answer {
    const { types } = this.#registry;
    if (second === undefined) {
      if (parseAccept(request.headers.accept).find(isJson)?.parameters.as === 'APIGroupDiscoveryList') {
        return { ...json(aggregatedDiscovery(types, root)), contentType: aggregatedType };
      }
      return this.#document(request, root === 'api' ? apiVersions() : apiGroupList(types));
    }
    if (root === 'api') return this.#document(request, apiResourceList(types, '', second));
    return this.#document(
      request,
      third === undefined ? apiGroup(types, second) : apiResourceList(types, second, third),
    );
  }

  #document(request: ApiRequest, document: JsonObject | undefined): Answer {
    // What discovery does not know gets no Status, as on a real server.
    if (document === undefined) return { code: 404, contentType: 'text/plain', body: '404 page not found\n' };
    negotiate(request.headers.accept);
    return json(document);
  }

  #openApiV2(request: ApiRequest): Answer {
    const protobuf = parseAccept(request.headers.accept).find(({ type }) => isOpenApiV2(type) || isJson({ type }));
    const { types } = this.#registry;
    if (protobuf === undefined) throw ApiError.notAcceptable(`application/json, ${openApiV2Type}`);
    const document = (): JsonObject => this.#cached('v2', () => openApiV2(types));
    if (!isOpenApiV2(protobuf.type)) return json(document());
    const body = this.#cached('v2 protobuf', () => openApiV2Protobuf(document()));
    return { code: 200, contentType: openApiV2Type, body };
  }

  #openApiV3(root: string | undefined, [group, version]: readonly string[]): Answer {
    const { types } = this.#registry;
    if (root === undefined) return json(this.#cached('v3', () => openApiV3Index(types)));
    const [inGroup, inVersion] = root === 'api' ? ['', group] : [group, version];
    const served = types.some((type) => type.group === inGroup && type.version === inVersion);
    if (!['api', 'apis'].includes(root) || inGroup === undefined || inVersion === undefined || !served) {
      throw ApiError.noSuchPath();
    }
    return json(this.#cached(`v3 ${inGroup}/${inVersion}`, () => openApiV3(types, inGroup, inVersion)));
  }

  #cached<T>(key: string, make: () => T): T {
    if (this.#documentsFor !== this.#registry.types) {
      this.#documents = new Map();
      this.#documentsFor = this.#registry.types;
    }
    const known = this.#documents.get(key) as T | undefined;
    const document = known ?? make();
    this.#documents.set(key, document);
    return document;
  }
}
