/**
 * `npm run demo`: what CoucheStor does, on a sandbox, end to end. The operator is the one that runs in a cluster; only where the
 * Kubernetes API, Mayastor and Prometheus are differs, and how long things take. A step that does not show what it promises
 * ends the demo with an error.
 */
import { runCommand } from './demo/command.ts';
import { Story } from './demo/story.ts';
import { DemoWorld } from './demo/world.ts';

const USAGE = `Usage: npm run demo [-- [--plain] [--keep]]

Starts a sandbox with a Kubernetes API, a Prometheus and a Mayastor whose volumes have I/O, runs the operator on it, and shows
how volumes move between hot, warm and cold pools: live, through a kill -9 of the operator and an outage of Prometheus.
Takes about a minute, needs no cluster, and leaves nothing behind.

  --plain  a line for every change instead of a live table; the default where there is no terminal
  --keep   leave everything running at the end and say how to use it; Ctrl-C stops it
`;

/** A table that is drawn over itself has to fit. */
const LEAST_ROWS = 16;
const world = new DemoWorld();

function write(text: string): void {
  process.stdout.write(text);
}

await runCommand({
  name: 'demo',
  usage: USAGE,
  options: { plain: { type: 'boolean' }, keep: { type: 'boolean' } },
  read: ({ plain, keep }) => ({ plain: plain === true, keep: keep === true }),
  run: async ({ plain, keep }, interruption) => {
    const { isTTY, columns, rows } = process.stdout;
    const isTerminal = isTTY && rows >= LEAST_ROWS && !plain && process.env.CI === undefined;
    const screen = { write, isTerminal, columns };
    await new Story({ world, screen, signal: interruption }).tell();
    const { kubeconfig, operator } = world.endpoints;
    if (!keep) {
      write('\nTo look around in it: npm run demo -- --keep, or npm run sandbox.\n');
      return 'ended';
    }
    write(`
Everything goes on; Ctrl-C stops it. In another terminal:

   kubectl --kubeconfig ${kubeconfig} get spol,volmig
   kubectl --kubeconfig ${kubeconfig} describe spol tiering
   curl ${operator.decisions}
`);
    return 'stays';
  },
  cleanUp: () => world.close(),
});
