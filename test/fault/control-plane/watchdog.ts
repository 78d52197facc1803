/**
 * What must hold whatever happens: of every round when it is made, of every version of a policy when it is stored, of every Event
 * when it is recorded. Breaches are collected, so that the run that made them can be named.
 */
import type { KubeObject, StoreEvent } from '@couchestor/sandbox/kube';
import type { Announcing, Decided, Events, Report } from '../../integration/tiering/chain.ts';
import { POLICIES, type Surroundings } from '../../integration/tiering/surroundings.ts';
import type { PrometheusFront } from './prometheus-front.ts';

export interface OperatorFlags {
  readonly maxConcurrentMigrations: number;
  readonly dryRun: boolean;
}

/** A policy of this name is a dry run for as long as it lives. */
export const SHADOW = 'shadow';
/** Heat may be shared for one round before it is used. */
const SHARED_FOR_MS = 25_000;
export const MAX_REPORTED_DECISIONS = 100;
const OF_SHADOW = new RegExp(`\\(policy ${SHADOW}\\)|"name":"${SHADOW}"`);

interface Spec {
  readonly enabled: boolean;
  readonly dryRun: boolean;
  readonly maxConcurrentMigrations: number;
  readonly storageClassName: string;
  readonly volumeSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
}

interface Policy extends KubeObject {
  readonly spec: Spec;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly totals?: unknown;
    readonly history?: unknown;
    readonly decisions?: readonly Readonly<Record<string, unknown>>[];
    readonly decisionCounts?: Readonly<Record<string, number>>;
    readonly volumes?: { readonly watched?: number };
  };
}

interface Claim extends KubeObject {
  readonly spec: { readonly storageClassName: string; readonly volumeName: string };
}

export class Watchdog {
  readonly breaches: string[] = [];
  readonly #around: Surroundings;
  readonly #front: PrometheusFront;
  /** By uid and generation. */
  readonly #specs = new Map<string, Spec>();
  /** Text of totals and history by uid. */
  readonly #seeded = new Map<string, string>();
  /** Whose announcement is under way, and whether that is a dry run. */
  #announced: { readonly name: string; readonly dryRun: boolean } | undefined;
  /** How often each thing was looked at, so that a run that shows nothing is noticed. */
  readonly seen = {
    rounds: 0,
    undecided: 0,
    unhealthy: 0,
    moves: 0,
    unknownHeats: 0,
    statuses: 0,
    longestStatus: 0,
    events: 0,
  };

  constructor(around: Surroundings, front: PrometheusFront) {
    this.#around = around;
    this.#front = front;
    around.kube.store.subscribe((event) => this.#stored(event));
  }

  /** From here on, nobody may change the totals and the history that the policy has now. */
  seeded(policy: string): void {
    const { metadata, status } = this.#policy(policy);
    this.#seeded.set(metadata.uid ?? '', pastOf(status));
  }

  round(report: Report, flags: OperatorFlags): void {
    const { decisions = [], storage, telemetry, kubernetes } = report;
    this.seen.rounds += 1;
    if (report.decisions === undefined) this.seen.undecided += 1;
    if (!telemetry.healthy) this.seen.unhealthy += 1;
    const moves = decisions.filter(({ outcome }) => outcome === 'Move');
    this.seen.moves += moves.length;
    this.seen.unknownHeats += decisions.filter(({ heat }) => heat.kind === 'unknown').length;
    for (const [name, { healthy, reason }] of Object.entries({ storage, kubernetes })) {
      if (!healthy && moves.length > 0) this.#breach(`${moves.length} moves while ${name} is not healthy (${reason})`);
    }
    for (const decision of moves) {
      const { healthy, reason } = report.telemetryOf.get(decision.policy.name) ?? telemetry;
      if (!healthy) this.#breach(`${decision.volumeName} moves while telemetry is not healthy (${reason})`);
      this.#checkHeat(decision);
    }
    this.#checkLimits(report, moves, flags);
    if (new Set(decisions.map(({ volumeId }) => volumeId)).size < decisions.length) this.#breach('decided twice');
    for (const decision of decisions) this.#checkTerms(decision, flags);
    const missing = decisions.filter(({ code }) => code === 'VolumeMissing').map(({ volumeId }) => volumeId);
    const there = missing.length === 0 ? [] : this.#around.cluster.view().volumes.map(({ volumeId }) => volumeId);
    const wronged = missing.filter((volumeId) => (there as readonly string[]).includes(volumeId));
    if (wronged.length > 0) this.#breach(`there are volumes that are said to be missing: ${wronged.join()}`);
  }

  announcing(real: Announcing, flags: OperatorFlags): Announcing {
    return {
      announce: (policy, round) => {
        const asked = policy.parsed.kind === 'ok' && policy.parsed.value.spec.dryRun;
        this.#announced = { name: policy.name, dryRun: flags.dryRun || asked };
        real.announce(policy, round);
        this.#announced = undefined;
      },
      forget: (policy) => real.forget(policy),
    };
  }

  recording(real: Events): Events {
    return {
      record: (happening) => {
        this.seen.events += 1;
        if (this.#announced?.dryRun !== false) {
          this.#breach(`an Event of a dry run of ${this.#announced?.name ?? 'nobody'}: ${happening.note}`);
        }
        real.record(happening);
      },
    };
  }

  /** What is still missing after a round without faults; undefined: all is as it should be. Breaches are what can never mend. */
  unsettled(report: Report): string | undefined {
    if (report.decisions === undefined) return `nothing was decided: ${JSON.stringify(report.storage)}`;
    const told = new Map(report.decisions.map(({ volumeName, policy }) => [volumeName, policy.name]));
    const watched = this.#watched();
    const wrong = [...new Set([...told.keys(), ...watched.keys()])].filter(
      (name) => told.get(name) !== watched.get(name),
    );
    if (wrong.length > 0) return `decided about others than are watched: ${wrong.join()}`;
    for (const policy of this.#policies()) {
      const missing = statusLacks(policy, report);
      if (missing !== undefined) return `the status of ${policy.metadata.name} lacks ${missing}`;
    }
    return undefined;
  }

  /** Of everything that does not depend on a moment. */
  checkRecords(): void {
    const { cluster, asked, kube } = this.#around;
    const others = asked.filter(({ method }) => method !== 'GET');
    if (others.length > 0) this.#breach(`Mayastor was asked to ${JSON.stringify(others[0])}`);
    if (cluster.violations.length > 0) this.#breach(JSON.stringify(cluster.violations[0]));
    const told = kube.store.list({ group: '', resource: 'events' });
    const ofShadow = told.filter((event) => OF_SHADOW.test(JSON.stringify(event)));
    if (ofShadow.length > 0) this.#breach(`an Event of a dry run is stored: ${JSON.stringify(ofShadow[0])}`);
  }

  #breach(what: string): void {
    this.breaches.push(what);
  }

  #checkHeat({ volumeName, heat }: Decided): void {
    if (heat.kind === 'unknown') this.#breach(`${volumeName} moves, and its heat is not known`);
    const ageMs = this.#around.clock.monotonic() - (this.#front.toldMs.get(volumeName) ?? -Infinity);
    if (ageMs > SHARED_FOR_MS) this.#breach(`${volumeName} moves by heat that nobody told of (for ${ageMs} ms)`);
  }

  #checkLimits({ activeMigrations }: Report, moves: readonly Decided[], flags: OperatorFlags): void {
    const active = [...activeMigrations.values()].reduce((sum, count) => sum + count, 0);
    // A dry run keeps no other policy from moving its volumes, so it counts for itself.
    for (const [dryRun, { length }] of Map.groupBy(moves, (decision) => decision.dryRun)) {
      const total = active + length;
      if (total <= flags.maxConcurrentMigrations) continue;
      this.#breach(`${total} migrations at once${dryRun ? ' in dry runs' : ''} of ${flags.maxConcurrentMigrations}`);
    }
    for (const [name, own] of Map.groupBy(moves, ({ policy }) => policy.name)) {
      const limit = this.#specOf(own[0]?.policy)?.maxConcurrentMigrations ?? 0;
      const count = own.length + (activeMigrations.get(name) ?? 0);
      if (count > limit) this.#breach(`${count} migrations of ${name} at once, and ${limit} are allowed`);
    }
  }

  #checkTerms({ policy, dryRun, volumeName }: Decided, flags: OperatorFlags): void {
    const spec = this.#specOf(policy);
    if (spec === undefined) this.#breach(`${volumeName} is decided about by a policy that was never stored`);
    else if (!spec.enabled) this.#breach(`${volumeName} is decided about by a policy that is switched off`);
    else if (dryRun !== (spec.dryRun || flags.dryRun)) this.#breach(`dryRun of ${volumeName} is ${String(dryRun)}`);
  }

  #specOf(policy: Decided['policy'] | undefined): Spec | undefined {
    return policy === undefined ? undefined : this.#specs.get(`${policy.uid}/${policy.generation}`);
  }

  #stored({ bucket, type, object, previous }: StoreEvent): void {
    if (bucket !== `${POLICIES.group}/${POLICIES.resource}` || type === 'DELETED') return;
    this.seen.statuses += 1;
    const { metadata, spec, status } = object as Policy;
    const [uid, generation] = [metadata.uid ?? '', metadata.generation ?? 0];
    this.#specs.set(`${uid}/${generation}`, structuredClone(spec));
    const observed = status?.observedGeneration ?? 0;
    const before = previous?.metadata.uid === uid ? (previous as Policy).status?.observedGeneration : undefined;
    if (observed > generation) this.#breach(`${metadata.name}: observed ${observed} of ${generation}`);
    if (observed < (before ?? 0)) this.#breach(`${metadata.name}: observedGeneration goes back to ${observed}`);
    const count = status?.decisions?.length ?? 0;
    this.seen.longestStatus = Math.max(this.seen.longestStatus, count);
    if (count > MAX_REPORTED_DECISIONS) this.#breach(`${metadata.name}: ${count} decisions in the status`);
    const seed = this.#seeded.get(uid);
    if (seed !== undefined && seed !== pastOf(status))
      this.#breach(`${metadata.name}: ${seed} became ${pastOf(status)}`);
  }

  /** The policy that should decide, by the name of the PersistentVolume: the oldest that is switched on and matches. */
  #watched(): ReadonlyMap<string, string> {
    const claims = this.#around.kube.store.list({ group: '', resource: 'persistentvolumeclaims' }) as Claim[];
    const policies = this.#policies().filter(({ spec }) => spec.enabled);
    policies.sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
    return new Map(
      claims.flatMap(({ metadata: { labels = {} }, spec: { storageClassName, volumeName } }) => {
        const first = policies.find(
          ({ spec }) =>
            spec.storageClassName === storageClassName &&
            Object.entries(spec.volumeSelector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value),
        );
        return first === undefined ? [] : [[volumeName, first.metadata.name]];
      }),
    );
  }

  #policies(): Policy[] {
    return this.#around.kube.store.list(POLICIES) as Policy[];
  }

  #policy(name: string): Policy {
    return this.#around.stored(name) as unknown as Policy;
  }
}

const ageOf = ({ metadata: { creationTimestamp, name } }: Policy): string => `${creationTimestamp} ${name}`;

const pastOf = (status: Policy['status']): string => JSON.stringify([status?.totals, status?.history]);

function statusLacks({ metadata, spec, status = {} }: Policy, { decisions = [] }: Report): string | undefined {
  const own = spec.enabled ? decisions.filter(({ policy }) => policy.name === metadata.name) : [];
  if (status.observedGeneration !== metadata.generation) return 'its generation';
  if (own.some(({ policy }) => policy.generation !== metadata.generation)) return 'decisions on its generation';
  if (status.volumes?.watched !== own.length) return `that ${own.length} volumes are watched`;
  const counts = { move: 0, wait: 0, blocked: 0, stay: 0 };
  for (const { outcome } of own) counts[outcome.toLowerCase() as keyof typeof counts] += 1;
  const stored = { ...counts, ...status.decisionCounts };
  if (JSON.stringify(stored) !== JSON.stringify(counts)) return `the counts ${JSON.stringify(counts)}`;
  const codes = new Map<unknown, string>(own.map(({ volumeId, code }) => [volumeId, code]));
  const other = status.decisions?.find(({ volumeId, code }) => codes.get(volumeId) !== code);
  if (other !== undefined) return `what is decided about ${String(other.volumeId)}`;
  const expected = Math.min(own.length, MAX_REPORTED_DECISIONS);
  return status.decisions?.length === expected ? undefined : `${expected} decisions`;
}
