import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { decodeProtobuf } from './protobuf.ts';

type Field = [id: number, value: string | number | Uint8Array];

/** Field by field, as Go writes a message: text and bytes by length, numbers as varints. */
function message(...fields: Field[]): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const [id, value] of fields) {
    if (typeof value === 'number') writer.uint32(id << 3).int64(value);
    else if (typeof value === 'string') writer.uint32((id << 3) | 2).string(value);
    else writer.uint32((id << 3) | 2).bytes(value);
  }
  return writer.finish();
}

function body(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  const envelope = message([1, message([1, apiVersion], [2, kind])], [2, raw], [3, ''], [4, '']);
  return Buffer.concat([Buffer.from('k8s\0'), envelope]);
}

describe('a protobuf body', () => {
  it('becomes the object that its JSON would be', () => {
    const metadata = message([1, 'm'], [2, ''], [7, 0], [8, message()], [11, message([1, 'a'], [2, 'b'])]);
    const raw = message([1, metadata], [2, message([1, 'k'], [2, 'v'])], [3, message([1, 'b'], [2, Buffer.from('x')])]);
    expect(decodeProtobuf(body('v1', 'ConfigMap', raw))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm', labels: { a: 'b' } },
      data: { k: 'v' },
      binaryData: { b: 'eA==' },
    });
  });

  it('keeps zeros that were set on purpose', () => {
    const raw = message([1, message([1, 'd'])], [2, message([1, 0], [5, 0], [7, 0])]);
    expect(decodeProtobuf(body('apps/v1', 'Deployment', raw))).toMatchObject({ spec: { replicas: 0 } });
  });

  it('writes times, quantities, and numbers or text as JSON has them', () => {
    const limits = message([1, 'memory'], [2, message([1, '64Mi'])]);
    const container = message([1, 'c'], [8, message([1, limits])]);
    const rolling = message([1, message([1, 1], [2, 0], [3, '25%'])], [2, message([1, 0], [2, 2], [3, ''])]);
    const metadata = message([1, 'd'], [8, message([1, 1_700_000_000])]);
    const template = message([2, message([2, container])]);
    const raw = message([1, metadata], [2, message([3, template], [4, message([2, rolling])])]);
    expect(decodeProtobuf(body('apps/v1', 'Deployment', raw))).toMatchObject({
      metadata: { creationTimestamp: '2023-11-14T22:13:20Z' },
      spec: {
        template: { spec: { containers: [{ name: 'c', resources: { limits: { memory: '64Mi' } } }] } },
        strategy: { rollingUpdate: { maxUnavailable: '25%', maxSurge: 2 } },
      },
    });
  });

  it.each([
    ['a kind', body('batch/v1', 'Job', message()), 415],
    ['a field', body('v1', 'ConfigMap', message([99, 'x'])), 415],
    ['an envelope', Buffer.from('{}'), 400],
    ['a message', body('v1', 'ConfigMap', Buffer.from([10, 200, 1])), 400],
  ])('is refused when %s cannot be read', (_what, bytes, code) => {
    expect(() => decodeProtobuf(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
