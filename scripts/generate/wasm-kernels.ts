/**
 * The kernels of common/assembly, compiled: a module for every runtime with SIMD and one for those with relaxed SIMD, as text that is
 * loaded like any other source.
 */

/** What is used of the compiler. Its own types declare AssemblyScript's standard library for every file that sees them. */
interface Compiler {
  main(
    options: readonly string[],
    host: {
      writeFile(name: string, contents: string | Uint8Array): void;
      stderr: { write(message: string | Uint8Array): void };
    },
  ): Promise<{ readonly error: Error | null }>;
}

/** Not written where it is imported, so that the type checker does not follow it. */
const COMPILER = 'assemblyscript/asc';
const SOURCE = 'common/assembly/kernels.ts';
const LINE_LENGTH = 120;

/** The memory is the host's and may have any size: a module accepts every memory whose maximum is not above the declared one. */
const OPTIONS = [
  '-O3',
  '--noAssert',
  '--converge',
  '--noColors',
  ...['--runtime', 'stub'],
  ...['--enable', 'simd', '--enable', 'threads', '--enable', 'relaxed-simd'],
  ...['--importMemory', '--noExportMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
];

async function compile(root: string, isRelaxed: boolean): Promise<Uint8Array> {
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  const written: Uint8Array[] = [];
  const messages: (string | Uint8Array)[] = [];
  const { error } = await asc.main(
    [SOURCE, '--baseDir', root, '--outFile', 'kernels.wasm', '--use', `RELAXED_SIMD=${isRelaxed ? 1 : 0}`, ...OPTIONS],
    {
      writeFile: (_, contents) => void written.push(Buffer.from(contents)),
      stderr: { write: (message) => void messages.push(message) },
    },
  );
  const [module] = written;
  if (error !== null || module === undefined) {
    throw new Error(`${SOURCE} does not compile:\n${messages.join('')}`, { cause: error });
  }
  return module;
}

function constant(name: string, comment: string, module: Uint8Array): string {
  const text = Buffer.from(module).toString('base64');
  const lines = text.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return `/** ${comment} */\nexport const ${name} =\n${lines.map((line) => `  '${line}'`).join(' +\n')};\n`;
}

/** The same bytes for the same source and compiler. @throws Error with the compiler's words when the source does not compile. */
export async function kernelsModule(root: string): Promise<string> {
  return `// Generated from ${SOURCE} by npm run generate. WebAssembly in base64.

${constant('SIMD_KERNELS', 'Needs SIMD and shared memory.', await compile(root, false))}
${constant('RELAXED_SIMD_KERNELS', 'Needs relaxed SIMD as well.', await compile(root, true))}`;
}
