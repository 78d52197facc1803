/**
 * The steps of the demo. Each says what is going to be seen, waits until it was, and fails if it was not: all it prints comes
 * from the running system.
 */
import { realClock } from '@couchestor/common/base';
import { LiveView, tableOf, type Screen } from './live-view.ts';
import { summaryOf } from './summary.ts';
import { hasEnded, type Sight, type VolumeSight } from './sight.ts';
import type { DemoWorld } from './world.ts';

export const VOLUMES = 12;
export const RELEASE = '2.10';

/** Where the policies want volumes of a kind that can be moved, once their I/O is known. */
const TIER_OF_KIND: Readonly<Record<string, string>> = { busy: 'hot', moderate: 'warm', idle: 'cold' };
const LOOK_EVERY_MS = 250;
const PATIENCE_MS = 60_000;
/** Far above the high watermark. */
const BUSY_IOPS = 12_000;

export interface StoryOptions {
  readonly world: DemoWorld;
  readonly screen: Screen;
  /** Aborts when the demo is interrupted. */
  readonly signal: AbortSignal;
}

interface Cast {
  readonly riser: VolumeSight;
  readonly sinker: VolumeSight;
  readonly optedOut: VolumeSight;
}

export class Story {
  readonly #world: DemoWorld;
  readonly #screen: Screen;
  readonly #signal: AbortSignal;
  readonly #view: LiveView;
  readonly #startedMs = performance.now();
  #steps = 0;

  constructor({ world, screen, signal }: StoryOptions) {
    this.#world = world;
    this.#screen = screen;
    this.#signal = signal;
    this.#view = new LiveView(screen, () => performance.now() - this.#startedMs);
  }

  /** Thrown: Error when something was not seen that is promised. */
  async tell(): Promise<void> {
    await this.#startCluster();
    await this.#startOperator();
    await this.#moveAndKill();
    const cast = await this.#arrive();
    await this.#goBlind(cast);
    await this.#followTheLoad(cast);
    await this.#sumUp();
  }

  async #startCluster(): Promise<void> {
    this.#step(`A cluster: the Kubernetes API, Mayastor ${RELEASE} with volumes under load, two policies`);
    await this.#world.start({ volumes: VOLUMES, release: RELEASE });
    const { kubeconfig, mayastor } = this.#world.endpoints;
    this.#say(`kubeconfig ${kubeconfig}\nMayastor   ${mayastor}`);
  }

  async #startOperator(): Promise<void> {
    this.#step('The operator starts, without a Prometheus: heat is unknown, and unknown heat moves nothing');
    await this.#world.startOperator();
    const sight = await this.#until('a first round of decisions', ({ volumes, isFresh }) => {
      return isFresh && volumes.every(({ decision }) => decision !== undefined);
    });
    check(sight.migrations.length === 0, 'unknown heat moves nothing');
    this.#say(`${sight.volumes.length} volumes are watched, none has a migration.`);
  }

  async #moveAndKill(): Promise<void> {
    this.#step('Prometheus starts. Their I/O becomes known, and they move to the tier that it asks for');
    await this.#world.prometheus.start();
    const sight = await this.#until(
      'a rebuild that is under way',
      ({ migrations }) => syncing(migrations) !== undefined,
    );
    const victim = syncing(sight.migrations);
    this.#step('kill -9 of the operator, in the middle of that. Another one goes on where it was');
    await this.#world.operator.kill();
    this.#say(`Killed while ${victim?.metadata.name} was Syncing at ${victim?.status?.progressPercent ?? 0} %.\n`);
    const killedMs = performance.now();
    await this.#world.startOperator();
    const after = await this.#until('the migration that was interrupted ends', ({ migrations }) => {
      return migrations.some((migration) => migration.metadata.name === victim?.metadata.name && hasEnded(migration));
    });
    const ended = after.migrations.find(({ metadata }) => metadata.name === victim?.metadata.name);
    check(ended?.status?.phase === 'Completed', `the interrupted migration completes: ${ended?.status?.message}`);
    this.#say(`\nIt was completed ${seconds(performance.now() - killedMs)} after the kill.`);
  }

  async #arrive(): Promise<Cast> {
    this.#step('Everything goes where it belongs; what cannot be moved stays, and the decision says why');
    const sight = await this.#until('every volume in its tier', ({ volumes, migrations }) => {
      return migrations.every(hasEnded) && volumes.every(isWhereItBelongs);
    });
    this.#say('');
    for (const kind of ['unpublished', 'snapshots', 'pinned', 'between']) {
      const decision = sight.volumes.find(({ volume }) => volume.kind === kind)?.decision;
      this.#say(wrapped(firstSentence(decision?.explanation ?? '')));
    }
    const ofKind = (kind: string): VolumeSight[] => sight.volumes.filter(({ volume }) => volume.kind === kind);
    const [[riser], [sinker], [optedOut]] = [ofKind('idle'), ofKind('busy'), ofKind('between')];
    if (riser === undefined || optedOut === undefined || sinker === undefined)
      throw new Error('the scenario has changed');
    return { riser, optedOut, sinker };
  }

  async #goBlind({ riser, sinker, optedOut }: Cast): Promise<void> {
    this.#step('The load changes, and Prometheus goes away: unknown is not zero, so nothing new is moved');
    const { api, mayastor, prometheus } = this.#world;
    await prometheus.stop();
    await api.annotateClaim(optedOut.volume.claim, { 'storage.billyronks.io/opt-out': 'true' });
    await mayastor.run(riser.volume.volumeId, BUSY_IOPS);
    await mayastor.run(sinker.volume.volumeId, 0);
    await mayastor.run(optedOut.volume.volumeId, 0);
    this.#say(`${riser.name} gets busy, ${sinker.name} becomes idle.`);
    this.#say(`${optedOut.name} becomes idle too, but its owner opted out (an annotation of the claim).\n`);
    const before = (await this.#world.look()).migrations.length;
    const blind = await this.#eventually('the policy says that its telemetry is gone', async () => {
      const { status } = await api.policy('tiering');
      return status?.conditions?.find(({ type, status: value }) => type === 'TelemetryHealthy' && value === 'False');
    });
    this.#say(wrapped(`TelemetryHealthy=False (${blind.reason}): ${blind.message}\n`));
    const sight = await this.#until('every decision knows of no heat', ({ volumes, isFresh }) => {
      return isFresh && volumes.every(({ decision }) => decision?.heat.known === false);
    });
    check(sight.migrations.length === before, 'an outage of Prometheus moves nothing');
    check(
      sight.volumes.every(({ decision }) => decision?.outcome !== 'Move'),
      'nothing is decided without telemetry',
    );
    await prometheus.start();
  }

  async #followTheLoad({ riser, sinker, optedOut }: Cast): Promise<void> {
    this.#step('Prometheus is back: volumes follow their load, up and down');
    const after = await this.#until('the volumes have followed their load', ({ volumes, migrations }) => {
      const now = (one: VolumeSight): VolumeSight | undefined => volumes.find(({ name }) => name === one.name);
      const haveMoved = now(riser)?.tiers === 'hot' && now(sinker)?.tiers === 'cold';
      return haveMoved && migrations.every(hasEnded) && now(optedOut)?.decision?.code === 'OptedOut';
    });
    const stayed = after.volumes.find(({ name }) => name === optedOut.name);
    check(stayed?.tiers === optedOut.tiers, 'a volume whose owner opted out stays');
    this.#say('');
    this.#say(wrapped(firstSentence(stayed?.decision?.explanation ?? '')));
  }

  async #sumUp(): Promise<void> {
    this.#step('What was done');
    const { migrations } = await this.#world.look();
    const { text, isGood } = summaryOf(migrations, await this.#world.mayastor.violations());
    this.#say(text);
    this.#say(`Took ${seconds(performance.now() - this.#startedMs)}.`);
    check(isGood, 'every migration completes, and Mayastor saw no volume with too few good copies');
  }

  /** Shows what goes on until `holds`. */
  async #until(what: string, holds: (sight: Sight) => boolean): Promise<Sight> {
    let last: Sight | undefined;
    const found = await this.#eventually(what, async () => {
      const sight = await this.#world.look();
      last = sight;
      this.#view.show(sight);
      return holds(sight) ? sight : undefined;
    }).catch((error: unknown) => {
      const shown = last === undefined ? '' : `\n\n${tableOf(last)}`;
      throw new Error(`${error instanceof Error ? error.message : String(error)}${shown}`, { cause: error });
    });
    this.#view.leave();
    return found;
  }

  async #eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const started = performance.now();
    let reason = '';
    while (performance.now() - started < PATIENCE_MS) {
      this.#signal.throwIfAborted();
      const found = await look().catch((error: unknown) => {
        reason = ` (${String(error)})`;
        return undefined;
      });
      if (found !== undefined) return found;
      if (this.#world.deathCry !== undefined) throw new Error(this.#world.deathCry);
      await realClock.sleep(LOOK_EVERY_MS, this.#signal);
    }
    const waited = `waited ${seconds(PATIENCE_MS)} in vain: ${what}${reason}`;
    throw new Error(`the demo did not show what it promises: ${waited}`);
  }

  #step(title: string): void {
    this.#screen.write(`\n${(this.#steps += 1)}. ${title}\n\n`);
  }

  #say(text: string): void {
    this.#screen.write(`${text.replace(/^(?=.)/gm, '   ')}\n`);
  }
}

function syncing(migrations: Sight['migrations']): Sight['migrations'][number] | undefined {
  return migrations.find(({ status }) => status?.phase === 'Syncing' && (status.progressPercent ?? 0) > 0);
}

function isWhereItBelongs({ volume, tiers }: VolumeSight): boolean {
  return (TIER_OF_KIND[volume.kind] ?? tiers) === tiers;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the demo did not show what it promises: ${what}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function firstSentence(text: string): string {
  return text.replace(/\.\s[^]*$/, '.');
}

/** Paragraphs as a terminal shows them. */
function wrapped(text: string): string {
  return text.replace(/(.{1,110})(?:\s+|$)/g, '$1\n').trimEnd();
}
