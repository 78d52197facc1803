/**
 * Loads the addon, or says why it is not there. Nothing is read from the environment: whoever wants to do without the
 * addon does not call this. Any number of worker threads may load it at once.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ADDON_VERSION, type Addon } from './addon.ts';
import { crc32cChoices, type Crc32c, type Crc32cChoice } from './crc32c.ts';
import { FileMapping, type FileWindow } from './file-mapping.ts';
import { galoisOf, type Galois } from './galois.ts';

export interface Native {
  /** On the fastest kernel of this processor. */
  readonly galois: Galois;
  /** On the fastest kernel of this processor, the first of `crc32cChoices`. */
  readonly crc32c: Crc32c;
  readonly crc32cChoices: readonly Crc32cChoice[];
  /** @throws Error with the `code` of the operating system; see FileMapping. */
  mapFile(file: number, window: FileWindow): FileMapping;
}

export type LoadedNative =
  { readonly kind: 'loaded'; readonly native: Native } | { readonly kind: 'absent'; readonly reason: string };

/** @param folder - where couchestor.node lies, when that is not where `build.mjs` puts it. */
export function loadNative(folder: string = join(import.meta.dirname, '..', 'build')): LoadedNative {
  const file = join(folder, 'couchestor.node');
  if (!existsSync(file)) return absent(`${file} is not there; node native/build.mjs makes it where a C compiler is`);
  let addon: Addon;
  try {
    addon = createRequire(import.meta.url)(file) as Addon;
  } catch (error) {
    return absent(`${file} does not load: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (addon.version !== ADDON_VERSION)
    return absent(`${file} is of version ${String(addon.version)}, not ${ADDON_VERSION}: run node native/build.mjs`);
  const choices = crc32cChoices(addon);
  const [fastest] = choices;
  if (fastest === undefined) return absent(`${file} has no kernels`);
  const native: Native = {
    galois: galoisOf(addon),
    crc32c: fastest.crc32c,
    crc32cChoices: choices,
    mapFile: (descriptor, window) => new FileMapping(addon, descriptor, window),
  };
  return { kind: 'loaded', native: Object.freeze(native) };
}

function absent(reason: string): LoadedNative {
  return { kind: 'absent', reason };
}
