/**
 * Which cluster is meant, and who asks: the kubeconfig as kubectl finds it. Of several files the first that says something wins, and
 * those that are missing are passed over. client-node is loaded here, on demand, because it takes half a second.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoucheStorError, isError, quote } from '@couchestor/common/base';

export interface Environment {
  /** Of the variable KUBECONFIG. */
  readonly kubeconfig: string | undefined;
  readonly home: string;
  /** Whether this runs in a pod, which has a service account. */
  readonly isPod: boolean;
}

export interface KubeConfigChoice {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** Thrown when it names no cluster: CoucheStorError `invalid`, with the remedy. */
export async function loadKubeConfig(choice: KubeConfigChoice, environment: Environment): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const { files, source } = filesOf(choice.kubeconfig, environment);
  const found = files.filter((file) => existsSync(file));
  const config = new KubeConfig();
  if (found.length === 0) {
    const mayGuess = choice.kubeconfig === undefined && environment.kubeconfig === undefined;
    if (!mayGuess || !environment.isPod) {
      throw invalid(
        `${source}: there is no kubeconfig ${files.join(', ')}; give --kubeconfig FILE, or set KUBECONFIG.`,
      );
    }
    config.loadFromCluster();
  }
  for (const file of found) {
    const next = new KubeConfig();
    try {
      next.loadFromFile(file);
    } catch (error) {
      const reason = isError(error) ? (error.message.split('\n')[0] ?? '') : String(error);
      throw invalid(`${source}: ${file} cannot be read: ${reason}; give a kubeconfig that kubectl accepts.`);
    }
    add(config, next);
  }
  choose(config, choice.context, found);
  return config;
}

function filesOf(flag: string | undefined, { kubeconfig, home }: Environment): { files: string[]; source: string } {
  if (flag !== undefined) return { files: [flag], source: 'flag --kubeconfig' };
  const listed = (kubeconfig ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) return { files: listed, source: 'KUBECONFIG' };
  return { files: [join(home, '.kube', 'config')], source: 'kubeconfig' };
}

function add(config: KubeConfig, next: KubeConfig): void {
  const isNew = (list: readonly { name: string }[]) => (one: { name: string }) =>
    !list.some(({ name }) => name === one.name);
  config.clusters = [...config.clusters, ...next.clusters.filter(isNew(config.clusters))];
  config.users = [...config.users, ...next.users.filter(isNew(config.users))];
  config.contexts = [...config.contexts, ...next.contexts.filter(isNew(config.contexts))];
  // Typed as a text, and absent where a file has none.
  const current = config.currentContext as string | undefined;
  if (current === undefined || current === '') config.currentContext = next.currentContext;
}

function choose(config: KubeConfig, context: string | undefined, files: readonly string[]): void {
  const names = config.contexts.map(({ name }) => name);
  if (context !== undefined) {
    if (!names.includes(context)) {
      const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
      throw invalid(`flag --context: ${quote(context)} is no context of the kubeconfig; ${known}.`);
    }
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) {
    throw invalid(
      `kubeconfig: ${files.join(', ')} names no cluster to talk to; give --context NAME, or set its current-context.`,
    );
  }
}

function invalid(message: string): CoucheStorError {
  return new CoucheStorError('invalid', message);
}
