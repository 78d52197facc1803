/**
 * What happens to the volumes, while it happens: on a terminal a table that is drawn over itself, elsewhere a line for every
 * change. Both are made of the same sights, and neither draws conclusions.
 */
import { hasEnded, phaseOf, type Sight, type VolumeSight } from './sight.ts';
import { table } from './table.ts';

export interface Screen {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Of the terminal, in characters. */
  readonly columns: number;
}

const BAR_LENGTH = 12;
/** Of a volume that moves, its migration is told; and for a moment too little is known of each. */
const UNTOLD_CODES = ['Migrating', 'LowCoverage'];
const INDENT = '   ';

export class LiveView {
  readonly #screen: Screen;
  readonly #elapsedMs: () => number;
  #drawnLines = 0;
  /** By volume and by migration, what was last printed of it. */
  readonly #printed = new Map<string, string>();

  constructor(screen: Screen, elapsedMs: () => number) {
    this.#screen = screen;
    this.#elapsedMs = elapsedMs;
  }

  show(sight: Sight): void {
    if (this.#screen.isTerminal) this.#draw(sight);
    else for (const line of this.#changes(sight)) this.#screen.write(`${INDENT}${this.#time()}  ${line}\n`);
  }

  /** What follows is printed below. */
  leave(): void {
    this.#drawnLines = 0;
  }

  #draw(sight: Sight): void {
    const lines = tableOf(sight)
      .split('\n')
      .map((line) => `${INDENT}${line}`.slice(0, this.#screen.columns - 1));
    const back = this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}A`;
    this.#screen.write(back + lines.map((line) => `${line}\u001b[K\n`).join(''));
    this.#drawnLines = lines.length;
  }

  #changes({ volumes, migrations }: Sight): string[] {
    const lines: string[] = [];
    const tell = (key: string, state: string, text: string): void => {
      if (this.#printed.get(key) === state) return;
      this.#printed.set(key, state);
      lines.push(text);
    };
    const nameOf = new Map(volumes.map(({ volume, name }) => [volume.volumeId, name]));
    for (const { name, decision } of volumes) {
      if (decision === undefined || UNTOLD_CODES.includes(decision.code)) continue;
      const heat = decision.heat.known ? `${iops(decision.heat.iops)} IOPS` : 'heat unknown';
      const state = `${decision.outcome} ${decision.code}`;
      tell(name, state, `${name}: ${heat}: ${state}`);
    }
    for (const migration of migrations) {
      const { metadata, spec, status } = migration;
      const phase = phaseOf(migration);
      const route = `${spec.source.tier} to ${spec.target.tier}`.toLowerCase();
      const why = hasEnded(migration) && phase !== 'Completed' ? ` (${status?.message ?? ''})` : '';
      tell(metadata.name, phase, `${nameOf.get(spec.volumeId) ?? spec.volumeId}: ${route}: ${phase}${why}`);
    }
    return lines;
  }

  #time(): string {
    return `${(this.#elapsedMs() / 1000).toFixed(1)} s`.padStart(7);
  }
}

/** Every volume with all that is known of it, and a line that counts the migrations. */
export function tableOf({ volumes, migrations }: Sight): string {
  const rows = volumes.map((sight) => [
    sight.name,
    sight.decision?.heat.known === true ? iops(sight.decision.heat.iops).padStart(6) : '     ?',
    sight.tiers,
    decisionText(sight),
    progressText(sight),
  ]);
  const count = (phase: string): number => migrations.filter(({ status }) => status?.phase === phase).length;
  const running = migrations.filter((migration) => !hasEnded(migration)).length;
  const failed = migrations.length - running - count('Completed');
  const counts = `Replicas moved: ${count('Completed')}, moving: ${running}, not moved: ${failed}`;
  return `${table([['CLAIM', '  IOPS', 'TIER', 'DECISION', 'MIGRATION'], ...rows])}\n\n${counts}`;
}

function decisionText({ decision, migration }: VolumeSight): string {
  if (migration !== undefined) return `Move → ${migration.spec.target.tier.toLowerCase()}`;
  if (decision === undefined) return '';
  const { outcome, code, to } = decision;
  return `${outcome} ${code}${to === undefined || outcome === 'Stay' ? '' : ` → ${to.toLowerCase()}`}`;
}

function progressText({ migration }: VolumeSight): string {
  if (migration === undefined) return '';
  const phase = phaseOf(migration);
  const progressPercent = migration.status?.progressPercent ?? 0;
  if (phase !== 'Syncing') return phase;
  const filled = Math.round((progressPercent / 100) * BAR_LENGTH);
  return `${phase} ${'█'.repeat(filled)}${'░'.repeat(BAR_LENGTH - filled)} ${progressPercent} %`;
}

function iops(value: number | undefined): string {
  return Math.round(value ?? 0).toLocaleString('en-US');
}
