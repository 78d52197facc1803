/**
 * The operator with everything it needs as one file that runs on Node alone, with no `node_modules` beside it: what an image
 * holds. It starts several times faster than the sources and takes half of their memory: no types to strip, no modules to find, and
 * of client-node only what is called.
 */
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Nest asks for these and does without where they are absent. */
const OPTIONAL = ['@nestjs/microservices', '@nestjs/websockets', 'class-transformer', 'class-validator'];

/** CommonJS packages require Node's own modules, and an ES module has no `require`. */
const REQUIRE = "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);";

/**
 * client-node loads the models of every API of Kubernetes, of which the operator uses none. Its indexes only pass on what other
 * modules hold, so what nobody names there is left out; the polyfill that the first one loads is for Node 18.
 */
const INDEXES = /^(@kubernetes\/client-node|\.\/(gen\/index|models\/all|types\/ObjectParamAPI)\.js)$/;

const modelsOnDemand: Plugin = {
  name: 'models-on-demand',
  setup: (bundler) => {
    bundler.onResolve({ filter: INDEXES }, async ({ path, pluginData, importer, namespace, resolveDir, kind }) => {
      if (pluginData === modelsOnDemand) return undefined;
      const from = { importer, namespace, resolveDir, kind, pluginData: modelsOnDemand };
      return { ...(await bundler.resolve(path, from)), sideEffects: false };
    });
  },
};

/** client-node's own requests are made by undici; the operator makes none of those, so it is there and not loaded before one is. */
const undiciOnDemand: Plugin = {
  name: 'undici-on-demand',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^undici$/ }, ({ namespace, resolveDir }) =>
      namespace === 'on-demand' ? undefined : { path: 'undici', namespace: 'on-demand', pluginData: resolveDir },
    );
    bundler.onLoad({ filter: /^undici$/, namespace: 'on-demand' }, ({ pluginData }) => ({
      resolveDir: pluginData as string,
      contents: `
        const loaded = () => require('undici');
        export class Agent { constructor(...options) { return new (loaded().Agent)(...options); } }
        export class ProxyAgent { constructor(...options) { return new (loaded().ProxyAgent)(...options); } }
        export const fetch = (...request) => loaded().fetch(...request);`,
    }));
  },
};

/** Writes `outFile`, an ES module, and the licences that its parts ask to be kept, as `outFile.LEGAL.txt`. Returns its size. */
export async function bundleOperator(outFile: string): Promise<number> {
  const { metafile } = await build({
    entryPoints: [join(root, 'control-plane', 'src', 'main.ts')],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: REQUIRE },
    external: OPTIONAL,
    // Names are seen in logs, and by Nest.
    keepNames: true,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'external',
    metafile: true,
    logLevel: 'warning',
    absWorkingDir: root,
    plugins: [modelsOnDemand, undiciOnDemand],
  });
  return Object.values(metafile.outputs).reduce((largest, { bytes }) => Math.max(largest, bytes), 0);
}
