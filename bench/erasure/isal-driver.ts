/**
 * ISA-L in C, as a process that is told what to compute and times it itself. It is compiled here, because a peer that is measured through Node would
 * pay for our way of calling it. Its stripe has the layout of ours: page-aligned memory, buffers the same number of bytes apart,
 * the same content; and what it computes is compared with what we do.
 */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Samples, Sampling } from './samples.ts';
import type { PlainWork, Stripe } from './stripe.ts';

const SOURCE = join(import.meta.dirname, 'isal-driver.c');
const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'bench');
const REMEDY = 'apt-get install gcc libc6-dev libisal-dev';

/** `isal` is the fastest code of ISA-L for this processor, `base` its plain C. */
export type IsalFunction = 'isal' | 'base';

export class IsalDriver {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string, undefined>;

  private constructor(program: string) {
    this.#child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Undefined, after a line that says what to install, where it cannot be compiled. */
  static start(): IsalDriver | undefined {
    const program = compile();
    if (program !== undefined) return new IsalDriver(program);
    process.stderr.write(`bench: no columns isa-l-c and isa-l-base; install with: ${REMEDY}\n`);
    return undefined;
  }

  async useStripe({ scheme, shardBytes, stride, buffers }: Stripe): Promise<void> {
    const sizes = [scheme.dataShards, scheme.parityShards, shardBytes, stride, buffers.length].join(' ');
    await this.#ask(`stripe ${sizes} ${hexOf(scheme.parity.coefficients)}`);
  }

  /** @returns the digest of what came out. */
  async useWork({ kind, sources, targets, matrix, offset, length }: PlainWork): Promise<number> {
    const lists = `${sources.join()} ${targets.join()} ${hexOf(matrix.coefficients)}`;
    return Number(await this.#ask(`work ${kind} ${offset} ${length} ${lists}`));
  }

  async time(name: IsalFunction, { samples, leastNs }: Sampling): Promise<Samples> {
    const answer = await this.#ask(`time ${name} ${samples} ${leastNs}`);
    return answer.split(' ').map(Number);
  }

  close(): void {
    this.#child.stdin.end();
  }

  async #ask(command: string): Promise<string> {
    this.#child.stdin.write(`${command}\n`);
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error(`the ISA-L driver ended at: ${command.slice(0, 80)}`);
    return value;
  }
}

/** The name holds a digest of the source, so that a changed one is compiled again. */
function compile(): string | undefined {
  const digest = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 12);
  const program = join(CACHE, `isal-driver-${digest}`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  // Two benches at once never start half a file.
  const temporary = `${program}.${process.pid}`;
  const args = ['-std=gnu11', '-O3', '-Wall', '-Wextra', SOURCE, '-o', temporary, '-lisal'];
  if (spawnSync('cc', args, { stdio: 'ignore' }).status !== 0) return undefined;
  renameSync(temporary, program);
  return program;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
