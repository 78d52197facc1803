import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError } from './errors.ts';
import {
  IDENTIFIER_PATTERN,
  parseNodeName,
  parsePlacement,
  parsePolicyName,
  parsePoolName,
  parsePoolUuid,
  parseShardIndex,
  parseStripeId,
  parseVolumeId,
  partsOfStripeId,
  stripeIdOf,
} from './ids.ts';

const TEXT_PARSERS = { parseNodeName, parsePolicyName, parsePoolName, parsePoolUuid, parseVolumeId };

describe.each(Object.entries(TEXT_PARSERS))('%s', (name, parse) => {
  it.each(['a', '0', 'node-1.example', 'a'.repeat(63), '5f0c954c-9a7b-4f2e-8f6e-2f4a7c1d9e3b'])(
    'accepts %s',
    (text) => {
      expect(parse(text)).toBe(text);
    },
  );

  it.each([
    '',
    '-a',
    'a-',
    '.',
    '..',
    '../x',
    'a/b',
    'A',
    'a b',
    'a\n',
    'a\0',
    'ä',
    'a_b',
    'a'.repeat(64),
    undefined,
    null,
    7,
    {},
    ['a'],
  ])('refuses %j', (text) => {
    expect(() => parse(text, 'spec.thing')).toThrow(CoucheStorError);
  });

  it('names the field and the remedy', () => {
    const remedy = 'write 1 to 63 of a-z, 0-9, "-" and ".", starting and ending with a letter or digit.';
    expect(() => parse('../etc', 'spec.thing')).toThrow(`spec.thing: "../etc" is not an identifier; ${remedy}`);
    const field = `${name[5]!.toLowerCase()}${name.slice(6)}`;
    expect(() => parse('')).toThrow(`${field}: "" is not an identifier`);
    expect(() => parse(7)).toThrow(`${field}: "number" is not a text`);
  });

  it('accepts exactly what the published pattern does, and throws nothing but an invalid error', () => {
    const nearly = fc.string({ unit: fc.constantFrom(...Array.from('az09-./A \n')), maxLength: 70 });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' }), fc.anything()), (value) => {
        let accepted = true;
        try {
          parse(value);
        } catch (error) {
          accepted = false;
          expect(error).toMatchObject({ name: 'CoucheStorError', code: 'invalid' });
        }
        expect(accepted).toBe(typeof value === 'string' && new RegExp(IDENTIFIER_PATTERN).test(value));
      }),
    );
  });
});

describe('parseShardIndex', () => {
  it('reads every index, from a number or its text', () => {
    for (let index = 0; index <= 255; index += 1) {
      expect(parseShardIndex(index)).toBe(index);
      expect(parseShardIndex(String(index))).toBe(index);
    }
  });

  it.each([-1, 256, 1.5, NaN, Infinity, 1e21, '', '01', '+1', '1 ', '256', '1e2', null, undefined, [1], true])(
    'refuses %j',
    (value) => {
      expect(() => parseShardIndex(value, 'index')).toThrow(
        /^index: ".*" is not a shard index; write an integer from 0 to 255\.$/,
      );
    },
  );

  it('throws nothing but an invalid error', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          parseShardIndex(value);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CoucheStorError', code: 'invalid' });
        }
      }),
    );
  });
});

describe('parsePlacement', () => {
  it.each([0, 1, 4_294_967_295])('reads %d, from a number or its text', (placement) => {
    expect(parsePlacement(placement)).toBe(placement);
    expect(parsePlacement(String(placement))).toBe(placement);
  });

  it.each([-1, 4_294_967_296, 0.5, '00', '', '1.', null, [1]])('refuses %j', (value) => {
    expect(() => parsePlacement(value)).toThrow(
      /^placement: ".*" is not a placement; write an integer from 0 to 4294967295\.$/,
    );
  });
});

describe('StripeId', () => {
  const counts = fc.nat({ max: Number.MAX_SAFE_INTEGER });

  it('is its parts, and they are it', () => {
    fc.assert(
      fc.property(counts, counts, (epoch, counter) => {
        const stripeId = stripeIdOf({ epoch, counter });
        expect(partsOfStripeId(stripeId)).toEqual({ epoch, counter });
        expect(parseStripeId(`${epoch}-${counter}`)).toBe(stripeId);
        expect(parseVolumeId(stripeId)).toBe(stripeId);
      }),
    );
  });

  it.each([
    '',
    '7',
    '7-',
    '-7',
    '7-42-1',
    '07-42',
    '7-042',
    '7-9007199254740992',
    '7--1',
    '7-4.2',
    '7-42\n',
    '../7-42',
  ])('is not %j', (text) => {
    expect(() => parseStripeId(text, 'spec.stripeId')).toThrow(
      /^spec\.stripeId: ".*" is not the id of a stripe; write the epoch and the counter as whole numbers/,
    );
  });

  it.each([undefined, null, 7, {}, ['7-42']])('is not %j', (value) => {
    expect(() => parseStripeId(value)).toThrow(CoucheStorError);
  });

  it('is not made of what is no count', () => {
    for (const epoch of [-1, 0.5, NaN, 2 ** 53]) {
      expect(() => stripeIdOf({ epoch, counter: 0 })).toThrow(CoucheStorError);
    }
  });
});
