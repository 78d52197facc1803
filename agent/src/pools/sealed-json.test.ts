import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError } from '@couchestor/common/base';
import { InterposedFiles, type FileStep } from './interposed-files.fixture.ts';
import { INCOMING_FOLDER, POOL_FOLDER } from './layout.ts';
import { writeFile } from './pool-files-contract.fixture.ts';
import type { PoolFiles } from './pool-files.ts';
import { PowerLossFiles } from './power-loss-files.fixture.ts';
import { readSealed, replaceSealed, sealJson, unsealJson } from './sealed-json.ts';
import { systemFailure } from './system-failure.fixture.ts';

const PATH = `${POOL_FOLDER}/thing.json`;
const asIs = (value: unknown): unknown => value;

async function pool(): Promise<PoolFiles> {
  const files = new PowerLossFiles();
  await files.makeFolder(POOL_FOLDER);
  await files.makeFolder(INCOMING_FOLDER);
  return files;
}

describe('sealed JSON', () => {
  it('is what people can read', () => {
    expect(Buffer.from(sealJson({ name: 'pool', numbers: [1, 2] })).toString()).toBe(
      '{\n  "crc32c": "67428d42",\n  "value": {\n    "name": "pool",\n    "numbers": [\n      1,\n      2\n    ]\n  }\n}\n',
    );
  });

  it('is JSON, and gives back what was sealed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sealed = sealJson(value);
        expect(JSON.parse(Buffer.from(sealed).toString())).toHaveProperty('crc32c');
        // JSON has no -0.
        expect(unsealJson(sealed)).toEqual({ value: JSON.parse(JSON.stringify(value)) as unknown });
      }),
    );
  });

  it('is damaged by every bit that flips', () => {
    const sealed = sealJson({ uuid: 'f7', node: 'node-1', version: 1, text: 'ä' });
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const damaged = Uint8Array.from(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(unsealJson(damaged)).toBeUndefined();
    }
  });

  it('is damaged by every cut, and by every byte more', () => {
    const sealed = Buffer.from(sealJson({ uuid: 'f7' }));
    for (let length = 0; length < sealed.length; length += 1) {
      expect(unsealJson(sealed.subarray(0, length))).toBeUndefined();
      expect(unsealJson(sealed.subarray(length + 1))).toBeUndefined();
    }
    for (const more of [' ', '\n', '\0', '}']) {
      expect(unsealJson(Buffer.concat([sealed, Buffer.from(more)]))).toBeUndefined();
    }
  });

  it('is nothing else that is JSON, however its checksum fits', () => {
    const compact = JSON.stringify(JSON.parse(Buffer.from(sealJson({ a: 1 })).toString()));
    expect(unsealJson(Buffer.from(compact))).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => unsealJson(bytes) === undefined));
  });
});

describe('a sealed file', () => {
  it('is absent until it is written, and then as it was written last', async () => {
    const files = await pool();
    expect(await readSealed(files, PATH, asIs)).toBeUndefined();
    await replaceSealed(files, PATH, { count: 1 });
    await replaceSealed(files, PATH, { count: 2 });
    expect(await readSealed(files, PATH, asIs)).toEqual({ count: 2 });
    expect(await files.entries(INCOMING_FOLDER)).toEqual([]);
  });

  it('is written by the recipe: a temporary name, synced, renamed, and the folder synced', async () => {
    const steps: string[] = [];
    const files = new InterposedFiles(await pool(), (step, run) => {
      steps.push(shown(step));
      return run();
    });
    await replaceSealed(files, PATH, { count: 1 });
    expect(steps.filter((step) => !step.startsWith('close'))).toEqual([
      `create ${INCOMING_FOLDER}/*`,
      `write ${INCOMING_FOLDER}/*`,
      `sync ${INCOMING_FOLDER}/*`,
      `rename ${PATH}`,
      `syncFolder ${POOL_FOLDER}`,
    ]);
  });

  it.each(['write', 'sync', 'rename'] as const)(
    'stays as it was when %s is refused, and nothing is left',
    async (at) => {
      const whole = await pool();
      await replaceSealed(whole, PATH, { count: 1 });
      const files = new InterposedFiles(whole, (step, run) => {
        if (step.operation === at) return Promise.reject(systemFailure('ENOSPC'));
        return run();
      });
      await expect(replaceSealed(files, PATH, { count: 2 })).rejects.toMatchObject({ code: 'resourceExhausted' });
      expect(await readSealed(whole, PATH, asIs)).toEqual({ count: 1 });
      expect(await whole.entries(INCOMING_FOLDER)).toEqual([]);
    },
  );

  it('tells the first error, not that what was begun could not be removed', async () => {
    const files = new InterposedFiles(await pool(), (step, run) => {
      if (step.operation === 'write') return Promise.reject(systemFailure('ENOSPC'));
      if (step.operation === 'unlink') return Promise.reject(systemFailure('EIO'));
      return run();
    });
    await expect(replaceSealed(files, PATH, {})).rejects.toMatchObject({ fields: { errno: 'ENOSPC' } });
  });

  it('that is damaged is an error with a remedy, and never absent', async () => {
    for (const content of ['', '{}', '{"crc32c":"00000000","value":{}}']) {
      const files = await pool();
      await writeFile(files, PATH, content);
      await expect(readSealed(files, PATH, asIs)).rejects.toMatchObject({
        code: 'corrupt',
        retryable: false,
        message: expect.stringContaining(`${files.label}/${PATH}: damaged`),
        fields: { file: `${files.label}/${PATH}`, fault: 'damagedFile', remedy: expect.stringMatching(/\.$/) },
      });
    }
  });

  it('that somebody else has sealed is damaged too', async () => {
    const files = await pool();
    await replaceSealed(files, PATH, { other: true });
    const parse = (): never => {
      throw new CoucheStorError('invalid', 'count: it is not there.');
    };
    await expect(readSealed(files, PATH, parse)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('count: it is not there. '),
    });
  });

  it('of another version is what its parser says', async () => {
    const files = await pool();
    await replaceSealed(files, PATH, {});
    const parse = (): never => {
      throw new CoucheStorError('unsupported', 'A newer one.');
    };
    await expect(readSealed(files, PATH, parse)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('that is longer than any is damaged, and is not read', async () => {
    const files = await pool();
    await writeFile(files, PATH, ' '.repeat(4 * 1024 * 1024 + 1));
    const unread = new InterposedFiles(files, (step, run) => {
      if (step.operation === 'read') return Promise.reject(new Error('read'));
      return run();
    });
    await expect(readSealed(unread, PATH, asIs)).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('that the disk does not give is not damaged', async () => {
    const files = await pool();
    await replaceSealed(files, PATH, {});
    const failing = new InterposedFiles(files, (step, run) => {
      if (step.operation === 'read') return Promise.reject(systemFailure('EIO'));
      return run();
    });
    await expect(readSealed(failing, PATH, asIs)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

/** Of a step; names that are drawn by lot are a star. */
function shown({ operation, path }: FileStep): string {
  return `${operation} ${path.startsWith(INCOMING_FOLDER) ? `${INCOMING_FOLDER}/*` : path}`;
}
