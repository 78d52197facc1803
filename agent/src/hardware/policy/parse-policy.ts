/**
 * The file of a hardware policy, in JSON:
 *
 *     { "tiers": [{ "tier": "warm", "model": "VENDOR QLC*", "minSize": "15Ti" }],
 *       "remote": false, "force": ["naa.5000c500a1000004"],
 *       "thresholds": { "percentageUsed": { "degraded": 80, "unhealthy": 100 } } }
 *
 * It is read strictly and all its problems are told at once: a misspelt rule that is passed over would put disks on the wrong tier.
 */
import { CoucheStorError, parseByteSize, quote } from '@couchestor/common/base';
import type { TierRule } from '../classify/classify.ts';
import { DEFAULT_THRESHOLDS, type HealthThresholds } from '../health/index.ts';
import type { HardwarePolicy } from './hardware-policy.ts';

const TIERS = ['hot', 'warm', 'cold', 'none'] as const satisfies readonly TierRule['tier'][];

/** Thrown: CoucheStorError `invalid` with every problem of the text. */
export function parsePolicy(text: string, label: string): HardwarePolicy {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw new CoucheStorError(
      'invalid',
      `${label}: is no JSON: ${thrown instanceof SyntaxError ? thrown.message : ''}`,
    );
  }
  const problems: string[] = [];
  const policy = readPolicy(new PolicyReader(json, label, problems));
  if (problems.length > 0) throw new CoucheStorError('invalid', problems.join('\n'));
  return policy;
}

function readPolicy(reader: PolicyReader): HardwarePolicy {
  const thresholds = reader.part('thresholds');
  const policy: HardwarePolicy = {
    tiers: reader.parts('tiers').map(readRule),
    remote: reader.boolean('remote') ?? false,
    force: new Set(reader.texts('force')),
    ...(thresholds !== undefined && { thresholds: readThresholds(thresholds) }),
  };
  reader.nothingElse();
  return policy;
}

function readRule(reader: PolicyReader): TierRule {
  const tier = reader.choice('tier', TIERS);
  const [model, path, id] = ['model', 'path', 'id'].map((key) => reader.text(key));
  const [minSizeBytes, maxSizeBytes] = ['minSize', 'maxSize'].map((key) => reader.size(key));
  reader.nothingElse();
  const rule = {
    tier: tier ?? 'none',
    ...(model !== undefined && { model }),
    ...(path !== undefined && { path }),
    ...(id !== undefined && { id }),
    ...(minSizeBytes !== undefined && { minSizeBytes }),
    ...(maxSizeBytes !== undefined && { maxSizeBytes }),
  };
  if (Object.keys(rule).length === 1) reader.problem('', 'has no condition; give model, path, id, minSize or maxSize');
  return rule;
}

function readThresholds(reader: PolicyReader): HealthThresholds {
  const limit = (key: Exclude<keyof HealthThresholds, 'spareMarginPercent'>) => {
    const part = reader.part(key);
    const fallback = DEFAULT_THRESHOLDS[key];
    if (part === undefined) return fallback;
    const degraded = part.number('degraded') ?? fallback.degraded;
    const unhealthy = part.number('unhealthy') ?? fallback.unhealthy;
    part.nothingElse();
    if (degraded > unhealthy) part.problem('', `has degraded ${degraded} above unhealthy ${unhealthy}; swap them`);
    return { degraded, unhealthy };
  };
  const thresholds = {
    percentageUsed: limit('percentageUsed'),
    mediaErrors: limit('mediaErrors'),
    reallocatedSectors: limit('reallocatedSectors'),
    pendingSectors: limit('pendingSectors'),
    temperatureCelsius: limit('temperatureCelsius'),
    spareMarginPercent: reader.number('spareMarginPercent') ?? DEFAULT_THRESHOLDS.spareMarginPercent,
  };
  reader.nothingElse();
  return thresholds;
}

/** One object of the file; what is wrong with it goes to the problems, and a stand-in comes back. */
class PolicyReader {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #label: string;
  readonly #problems: string[];
  readonly #known = new Set<string>();

  constructor(value: unknown, label: string, problems: string[]) {
    this.#label = label;
    this.#problems = problems;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.#object = isObject ? (value as Record<string, unknown>) : {};
    if (!isObject) this.problem('', 'is not an object');
  }

  problem(key: string, fault: string): void {
    this.#problems.push(`${this.#at(key)}: ${fault}.`);
  }

  part(key: string): PolicyReader | undefined {
    const value = this.#value(key);
    return value === undefined ? undefined : new PolicyReader(value, this.#at(key), this.#problems);
  }

  parts(key: string): readonly PolicyReader[] {
    return this.#list(key).map((value, index) => new PolicyReader(value, `${this.#at(key)}[${index}]`, this.#problems));
  }

  text(key: string): string | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    this.problem(key, 'is not a text');
    return undefined;
  }

  texts(key: string): readonly string[] {
    return this.#list(key).flatMap((value, index) => {
      if (typeof value === 'string' && value !== '') return [value];
      this.problem(key, `item ${index} is not a text`);
      return [];
    });
  }

  boolean(key: string): boolean | undefined {
    const value = this.#value(key);
    if (value === undefined || typeof value === 'boolean') return value;
    this.problem(key, 'is neither true nor false');
    return undefined;
  }

  number(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= 0) return value;
    this.problem(key, 'is not a number from 0 on');
    return undefined;
  }

  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.#value(key);
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.problem(key, `is not one of ${choices.join(', ')}`);
    return found;
  }

  /** In bytes; `4Ti` or a number. */
  size(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    try {
      return parseByteSize(typeof value === 'string' ? value : '', this.#at(key));
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
      this.#problems.push(thrown.message);
      return undefined;
    }
  }

  nothingElse(): void {
    for (const key of Object.keys(this.#object)) {
      if (!this.#known.has(key))
        this.problem('', `${quote(key)} is not known; known are ${[...this.#known].join(', ')}`);
    }
  }

  #list(key: string): readonly unknown[] {
    const value = this.#value(key);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value as readonly unknown[];
    this.problem(key, 'is not a list');
    return [];
  }

  #value(key: string): unknown {
    this.#known.add(key);
    return Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
  }

  #at(key: string): string {
    return key === '' ? this.#label : `${this.#label}: ${key}`;
  }
}
