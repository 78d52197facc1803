/** What people and other programs do in a run through the Kubernetes API: to policies, to claims, to migrations. */
import type { RandomDraws } from '@couchestor/sandbox/mayastor';
import { CLASSES, volumesOf } from './cluster-steps.ts';
import type { SoakWorld, Step } from './soak-world.ts';
import { SHADOW } from './watchdog.ts';

const API = { group: 'storage.billyronks.io' };
const ANNOTATION = 'storage.billyronks.io/';
const PHASES = ['Pending', 'Adding', 'Syncing', 'Verifying', 'Removing', 'Completed'];
/** `gold` and `silver` meet: the younger of them in a conflict. */
export const POLICY_NAMES: readonly string[] = ['gold', 'silver', SHADOW];
const WISHES: readonly Readonly<Record<string, string>>[] = [
  {},
  { pin: 'hot' },
  { pin: 'cold' },
  { 'minimum-tier': 'warm' },
  { 'maximum-tier': 'warm' },
  { 'opt-out': 'true' },
  { pin: 'lukewarm' },
  { pin: 'hot', until: '2026-02-17T12:20:00Z' },
];

function policiesOf({ around }: SoakWorld): string[] {
  return around.kube.store.list({ ...API, resource: 'storagepolicies' }).map(({ metadata }) => metadata.name);
}

/** Creates or edits it; a new one has a past that nobody may change. */
export async function putPolicy(world: SoakWorld, name: string, draws: RandomDraws): Promise<void> {
  const { around, watchdog } = world;
  const isNew = !policiesOf(world).includes(name);
  const warm = { warmWatermarkIOPS: 200, warmPoolSelector: { matchLabels: { tier: 'warm' } } };
  around.policy(name, {
    storageClassName: name === SHADOW ? CLASSES[1] : CLASSES[0],
    lowWatermarkIOPS: draws.oneOf([10, 100]),
    highWatermarkIOPS: draws.oneOf([500, 1_000]),
    ...(draws.chance(0.5) ? warm : {}),
    samplingWindow: draws.oneOf(['1m', '2m']),
    minimumCoverage: draws.oneOf(['0%', '50%']),
    cooldownPeriod: draws.oneOf(['30s', '10m']),
    maxConcurrentMigrations: draws.integer(1, 4),
    dryRun: name === SHADOW || draws.chance(0.3),
    enabled: draws.chance(0.85),
    ...(name === 'silver' ? { volumeSelector: { matchLabels: { app: 'search' } } } : {}),
  });
  if (!isNew) return;
  const tiers = { from: 'Hot', to: 'Cold', outcome: 'Completed', completionTime: '2026-02-17T11:00:00Z' };
  const totals = { succeeded: draws.integer(1, 9), failed: 2, aborted: 1, cancelled: draws.integer(0, 3) };
  const history = [{ migration: `${name}-past`, volumeId: 'gone', ...tiers }];
  await around.patchStatus('storagepolicies', name, { totals, history });
  watchdog.seeded(name);
}

async function removePolicy(world: SoakWorld, draws: RandomDraws): Promise<void> {
  const names = policiesOf(world);
  if (names.length > 1) await world.around.remove('storagepolicies', draws.oneOf(names));
}

/** A migration that came as far as chance has it. */
async function migrate(world: SoakWorld, draws: RandomDraws): Promise<void> {
  const [volumes, policies] = [volumesOf(world), policiesOf(world)];
  if (volumes.length === 0 || policies.length === 0) return;
  const fields = { policy: draws.oneOf(policies), volumeId: draws.oneOf(volumes).volumeId, from: 'Hot', to: 'Cold' };
  const name = `migration-${world.around.kube.store.revision}`;
  await world.around.migration(name, fields, PHASES.slice(0, draws.integer(1, PHASES.length)));
}

async function clearMigrations({ around }: SoakWorld): Promise<void> {
  const migrations = around.kube.store.list({ ...API, resource: 'volumemigrations' });
  for (const { metadata } of migrations) await around.remove('volumemigrations', metadata.name);
}

function annotate({ around }: SoakWorld, draws: RandomDraws): void {
  const claims = around.kube.store.list({ group: '', resource: 'persistentvolumeclaims' });
  if (claims.length === 0) return;
  const { name, namespace = '' } = draws.oneOf(claims).metadata;
  const wishes = Object.entries(draws.oneOf(WISHES)).map(([key, value]) => [ANNOTATION + key, value] as const);
  const metadata = { name, namespace, annotations: Object.fromEntries(wishes) };
  around.kube.apply([{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata }]);
}

export const OBJECT_STEPS: readonly Step[] = [
  { name: 'a policy is written', weight: 9, run: (world, draws) => putPolicy(world, draws.oneOf(POLICY_NAMES), draws) },
  { name: 'a policy is deleted', weight: 2, run: removePolicy },
  { name: 'a claim is annotated', weight: 5, run: annotate },
  { name: 'a migration', weight: 4, run: migrate },
  { name: 'migrations are cleared away', weight: 1, run: clearMigrations },
];
