/**
 * The contracts of the last release, which the current ones have to understand. `node scripts/proto/released.ts` writes them anew, as a
 * part of a release, and refuses what the release before would not understand.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { incompatibilities, type Descriptor } from './compatibility.ts';
import { loadProtos } from './load-protos.ts';

const root = join(import.meta.dirname, '../..');
const RELEASED = join(root, 'test/fixtures/proto/released.json');

/** Of a folder of contracts, without comments. */
export function descriptorOf(folder: string): Descriptor {
  return loadProtos(folder).root.toJSON({ keepComments: false }) as Descriptor;
}

export function currentDescriptor(): Descriptor {
  return descriptorOf(join(root, 'proto'));
}

export function releasedDescriptor(): Descriptor {
  return JSON.parse(readFileSync(RELEASED, 'utf8')) as Descriptor;
}

if (import.meta.main) {
  const current = currentDescriptor();
  const broken = existsSync(RELEASED) ? incompatibilities(releasedDescriptor(), current) : [];
  if (broken.length > 0) {
    process.stderr.write(
      `not written, because programs of the last release would not understand:\n${broken.join('\n')}\n`,
    );
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(RELEASED), { recursive: true });
    writeFileSync(RELEASED, `${JSON.stringify(current, null, 1)}\n`);
  }
}
