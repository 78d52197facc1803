/** `npm run sandbox`: the world of the demo, without its story, left running. */
import { runCommand } from './demo/command.ts';
import { RELEASE, VOLUMES } from './demo/story.ts';
import { DemoWorld } from './demo/world.ts';

const USAGE = `Usage: npm run sandbox [-- [--volumes N] [--json]]

Starts a Kubernetes API, a Mayastor whose volumes have I/O, a Prometheus that scrapes it, and the operator with two policies, in
compressed time, and says where everything is. Ctrl-C stops it and leaves nothing behind. The Kubernetes API alone, or with
another release of Mayastor: node scripts/bootstrap.mjs kube-api --help.

  --volumes N  how many volumes there are (${VOLUMES})
  --json       print where everything is as one line of JSON
`;

const MAX_VOLUMES = 500;
const world = new DemoWorld();

function volumesOf(text: string): number {
  const volumes = Number(text);
  if (Number.isInteger(volumes) && volumes >= 1 && volumes <= MAX_VOLUMES) return volumes;
  throw new Error(`--volumes ${text}: give a whole number from 1 to ${MAX_VOLUMES}.`);
}

await runCommand({
  name: 'sandbox',
  usage: USAGE,
  options: { volumes: { type: 'string', default: String(VOLUMES) }, json: { type: 'boolean' } },
  run: async ({ volumes, json }) => {
    await world.start({ volumes: volumesOf(String(volumes)), release: RELEASE });
    await world.prometheus.start();
    await world.startOperator();
    const { endpoints } = world;
    process.stdout.write(json === true ? `${JSON.stringify(endpoints)}\n` : told(endpoints));
    return 'stays';
  },
  cleanUp: () => world.close(),
});

function told({ operator, exporters, ...others }: DemoWorld['endpoints']): string {
  const entries = { ...others, ...(operator as Record<string, string>) };
  const lines = Object.entries(entries).map(([name, where]) => `${name.padEnd(10)} ${String(where)}\n`);
  return `${lines.join('')}exporters  ${(exporters as string[]).join('\n           ')}

kubectl --kubeconfig ${String(others.kubeconfig)} get spol,volmig
curl -X PUT ${String(others.control)}/volumes/VOLUME/workload -d '{"readOps":9000,"writeOps":3000}'   # makes a volume busy

Ctrl-C stops everything.
`;
}
