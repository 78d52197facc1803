/** `npm run sandbox`: the world of the demo, without its story, left running. */
import { runCommand } from './demo/command.ts';
import { RELEASE, VOLUMES } from './demo/story.ts';
import { DemoWorld, type Endpoints } from './demo/world.ts';

const USAGE = `Usage: npm run sandbox [-- [--volumes N] [--agents N] [--json]]

Starts a Kubernetes API, a Mayastor whose volumes have I/O, a Prometheus that scrapes it, and the operator with two policies, in
compressed time, and says where everything is. Ctrl-C stops it and leaves nothing behind. The Kubernetes API alone, or with
another release of Mayastor: node scripts/bootstrap.mjs kube-api --help.

  --volumes N  how many volumes there are (${VOLUMES})
  --agents N   how many storage nodes run an agent of CoucheStor: 0 (the default), since there is no agent yet
  --json       print where everything is as one line of JSON
`;

const MAX_VOLUMES = 500;
const world = new DemoWorld();

function volumesOf(text: string): number {
  const volumes = Number(text);
  if (Number.isInteger(volumes) && volumes >= 1 && volumes <= MAX_VOLUMES) return volumes;
  throw new Error(`--volumes "${text}": give a whole number from 1 to ${MAX_VOLUMES}.`);
}

function checkAgents(text: string): void {
  if (text === '0') return;
  const why = /^[1-9]\d*$/.test(text)
    ? 'the agent of storage nodes is not written yet; volumes move between tiers without it.'
    : 'that is no number of agents.';
  throw new Error(`--agents "${text}": ${why} Give 0, or leave it out.`);
}

await runCommand({
  name: 'sandbox',
  usage: USAGE,
  options: {
    volumes: { type: 'string', default: String(VOLUMES) },
    agents: { type: 'string', default: '0' },
    json: { type: 'boolean' },
  },
  read: ({ volumes, agents, json }) => {
    checkAgents(String(agents));
    return { volumes: volumesOf(String(volumes)), json: json === true };
  },
  run: async ({ volumes, json }) => {
    await world.start({ volumes, release: RELEASE });
    await world.prometheus.start();
    await world.startOperator();
    const { endpoints } = world;
    process.stdout.write(json ? `${JSON.stringify(endpoints)}\n` : told(endpoints));
    return 'stays';
  },
  cleanUp: () => world.close(),
});

function told({ operator, exporters, ...others }: Endpoints): string {
  const lines = Object.entries({ ...others, ...operator }).map(([name, where]) => `${name.padEnd(10)} ${where}\n`);
  return `${lines.join('')}exporters  ${exporters.join('\n           ')}

kubectl --kubeconfig ${others.kubeconfig} get spol,volmig
curl -X PUT ${others.control}/volumes/VOLUME/workload -d '{"readOps":9000,"writeOps":3000}'   # makes a volume busy

Ctrl-C stops everything.
`;
}
