import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { page } from '../machine.fixture.ts';
import { ataDesignator, ataIdentity, rotationRate, unitSerial } from './vpd.ts';

describe('a page of vital product data', () => {
  test('holds a serial of the length that it says, without padding', () => {
    expect(unitSerial(page(0x80, Buffer.from('  ZC10A001  ')))).toBe('ZC10A001');
    expect(unitSerial(Buffer.concat([page(0x80, Buffer.from('AB')), Buffer.from('rest')]))).toBe('AB');
    for (const content of ['', '   ', '\0\0', 'A\x01B', 'A\xffB'])
      expect(unitSerial(page(0x80, Buffer.from(content, 'latin1')))).toBeNull();
  });

  test('holds the designator of an ATA disk behind others', () => {
    const text = `ATA     ${'WDC WD80EFAX-68KNBN0'.padEnd(40)}${'VAGB0001'.padEnd(20)}`;
    const designators = Buffer.concat([
      Buffer.from([1, 3, 0, 8, 0x50, 0, 0xcc, 0xa0, 0xbe, 0, 0, 1]),
      Buffer.from([2, 0, 0, 8]),
      Buffer.from('VAGB0001'),
      Buffer.from([2, 1, 0, text.length]),
      Buffer.from(text),
    ]);
    expect(ataDesignator(page(0x83, designators))).toEqual({ model: 'WDC WD80EFAX-68KNBN0', serial: 'VAGB0001' });
    expect(ataDesignator(page(0x83, designators.subarray(0, 12)))).toBeNull();
  });

  test('holds the rate of rotation', () => {
    expect(rotationRate(page(0xb1, Buffer.from([0x1c, 0x20])))).toBe(7200);
    expect(rotationRate(page(0xb1, Buffer.from([0])))).toBeNull();
  });

  test('of another kind, or of any bytes, is nothing and is not changed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.constantFrom(0x80, 0x83, 0x89, 0xb1), (bytes, code) => {
        if (bytes.length > 1) bytes[1] = code;
        const before = Buffer.from(bytes).toString('hex');
        const read = { 0x80: unitSerial, 0x83: ataDesignator, 0x89: ataIdentity, 0xb1: rotationRate };
        for (const [key, reader] of Object.entries(read)) {
          const found = reader(bytes);
          if (Number(key) !== bytes[1]) expect(found).toBeNull();
        }
        expect(Buffer.from(bytes).toString('hex')).toBe(before);
      }),
    );
  });
});
