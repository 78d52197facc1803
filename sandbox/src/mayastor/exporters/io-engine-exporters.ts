/**
 * The exporters beside the io-engines, one HTTP server per node. Where a real one has port 9502 of its node, each of these
 * has a port of its own. A node that is down breaks every connection; its port stays taken, so that it comes back under the
 * address that Prometheus knows.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MayastorCluster } from '../cluster.ts';
import { metricsOf } from './metrics.ts';

interface ExportersOptions {
  readonly cluster: MayastorCluster;
  readonly host?: string;
}

interface Exporter {
  readonly node: string;
  readonly target: string;
  readonly server: Server;
}

/** An entry of a file that Prometheus reads its targets from (`file_sd_configs`). */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export class IoEngineExporters {
  readonly #exporters: readonly Exporter[];

  private constructor(exporters: readonly Exporter[]) {
    this.#exporters = exporters;
  }

  /**
   * For the nodes that the cluster has now. Thrown: what the operating system says when it cannot listen; nothing is left
   * running then.
   */
  static async start({ cluster, host = '127.0.0.1' }: ExportersOptions): Promise<IoEngineExporters> {
    const exporters: Exporter[] = [];
    const all = new IoEngineExporters(exporters);
    try {
      for (const { name } of cluster.view().nodes) exporters.push(await startExporter(cluster, name, host));
      return all;
    } catch (error) {
      await all.stop();
      throw error;
    }
  }

  /** `host:port` by node, in the order of the nodes. */
  get targets(): readonly string[] {
    return this.#exporters.map(({ target }) => target);
  }

  /** What a file for `file_sd_configs` holds: one group per node. */
  get targetGroups(): readonly TargetGroup[] {
    return this.#exporters.map(({ node, target }) => ({ targets: [target], labels: { kubernetes_node: node } }));
  }

  async stop(): Promise<void> {
    const closed = this.#exporters.map(({ server }) => once(server, 'close'));
    for (const { server } of this.#exporters) {
      server.close();
      server.closeAllConnections();
    }
    await Promise.all(closed);
  }
}

async function startExporter(cluster: MayastorCluster, node: string, host: string): Promise<Exporter> {
  const server = createServer((request, response) => answer(cluster, node, { request, response }));
  server.on('connection', (socket) => {
    if (isDown(cluster, node)) socket.resetAndDestroy();
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { node, target: `${host.includes(':') ? `[${host}]` : host}:${port}`, server };
}

const isDown = (cluster: MayastorCluster, node: string): boolean =>
  cluster.infrastructure.node(node).status !== 'Online';

function answer(
  cluster: MayastorCluster,
  node: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): void {
  // A connection may be older than the failure.
  if (isDown(cluster, node)) {
    request.socket.resetAndDestroy();
    return;
  }
  const path = (request.url ?? '').split('?', 1)[0];
  const found = path === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
  response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain' });
  response.end(found ? metricsOf(cluster.view(), node) : '');
}
