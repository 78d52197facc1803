import { describe, expect, it } from '@jest/globals';
import { parseExposition } from './exposition.fixture.ts';
import { exposition } from './exposition.ts';

describe('the text format', () => {
  it('sorts families and labels, and types everything as a gauge', () => {
    const text = exposition([
      { name: 'volume_bytes_read', help: 'Bytes', samples: [{ labels: { pv_name: 'pvc-1', node: 'a' }, value: 4096 }] },
      { name: 'diskpool_status', help: 'Status', samples: [{ labels: { node: 'a', name: 'p' }, value: 1 }] },
    ]);
    expect(text).toBe(
      [
        '# HELP diskpool_status Status',
        '# TYPE diskpool_status gauge',
        'diskpool_status{name="p",node="a"} 1',
        '# HELP volume_bytes_read Bytes',
        '# TYPE volume_bytes_read gauge',
        'volume_bytes_read{node="a",pv_name="pvc-1"} 4096',
        '',
      ].join('\n'),
    );
  });

  it('leaves out a family of which there is nothing', () => {
    expect(exposition([{ name: 'volume_bytes_read', help: 'Bytes', samples: [] }])).toBe('');
  });

  it('escapes what would end a label or a line', () => {
    const text = exposition([{ name: 'm', help: 'M', samples: [{ labels: { name: 'a\\b"c\nd' }, value: 0 }] }]);
    expect(text).toContain('m{name="a\\\\b\\"c\\nd"} 0\n');
    expect(parseExposition(text).get('m')?.samples.size).toBe(1);
  });
});

describe('the checker of these tests', () => {
  it.each([
    ['no end of line', '# HELP m M\n# TYPE m gauge\nm{a="b"} 1'],
    ['no TYPE', '# HELP m M\nm{a="b"} 1\n'],
    ['a sample outside its family', '# HELP m M\n# TYPE m gauge\nn{a="b"} 1\n'],
    ['a family twice', '# HELP m M\n# TYPE m gauge\n# HELP m M\n# TYPE m gauge\n'],
    ['a series twice', '# HELP m M\n# TYPE m gauge\nm{a="b"} 1\nm{a="b"} 2\n'],
    ['a quote in a label', '# HELP m M\n# TYPE m gauge\nm{a="b"c"} 1\n'],
    ['no number', '# HELP m M\n# TYPE m gauge\nm{a="b"} one\n'],
  ])('refuses %s', (_, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});
