/** What `discover` says in sentences: the node, and where a directory lies. */
import { formatBytes } from '@couchestor/common/base';
import type { NodeFacts, Trace } from '../hardware/index.ts';
import { printable } from './discover-cells.ts';

type Fact<T> = { readonly kind: 'known'; readonly value: T } | { readonly kind: 'unknown'; readonly reason: string };

export function factLines(node: string, { processor, memory, network }: NodeFacts): string {
  const lines = [
    `node: ${node}`,
    `processor: ${say(processor, ({ model, sockets, cores, threads }) =>
      [model ?? 'unknown', count(sockets, 'socket'), count(cores, 'core'), count(threads, 'thread')].join(', '),
    )}`,
    `memory: ${say(memory, ({ totalBytes, availableBytes }) =>
      [formatBytes(totalBytes), availableBytes === null ? '' : `${formatBytes(availableBytes)} available`]
        .filter((part) => part !== '')
        .join(', '),
    )}`,
    ...(network.kind === 'unknown'
      ? [`network: unknown: ${network.reason}`]
      : network.value.map(
          ({ name, up, speedMbps, mtu, addresses }) =>
            `network ${name}: ${[up ? 'up' : 'down', speedMbps === null ? '' : `${speedMbps} Mbit/s`, mtu === null ? '' : `mtu ${mtu}`, ...addresses].filter((part) => part !== '').join(', ')}`,
        )),
  ];
  return `${lines.join('\n')}\n\n`;
}

function say<T>(fact: Fact<T>, text: (value: T) => string): string {
  return fact.kind === 'known' ? text(fact.value) : `unknown: ${fact.reason}`;
}

function count(number: number | null, what: string): string {
  return `${number ?? '?'} ${what}${number === 1 ? '' : 's'}`;
}

export function traceText({ directory, steps, devices, tier, health, healthReason, problem }: Trace): string {
  const lines = [
    directory,
    ...steps.map((step) => `  ${step}`),
    `disks: ${devices.length === 0 ? 'none' : devices.map(({ kernelName, id }) => `${kernelName} (${id})`).join(', ')}`,
    `tier: ${tier ?? 'unknown'}`,
    `health: ${health}: ${healthReason}`,
    ...(problem === null ? [] : [`problem: ${problem}`]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}
