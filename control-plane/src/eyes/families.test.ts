import { describe, expect, it } from '@jest/globals';
import { metricFamilies, parseCustomMetrics } from './families.ts';

const CUSTOM = { readOps: 'my_reads', writeOps: 'ns:my_writes', volumeLabel: 'volume' };

describe('metricFamilies', () => {
  it('asks Mayastor for volumes, then for replicas, then the older engines', () => {
    expect(metricFamilies().map(({ name, volumeLabel, query }) => [name, volumeLabel, query('4m')])).toEqual([
      ['volume', 'pv_name', 'sum by (pv_name) (rate(volume_num_read_ops[4m]) + rate(volume_num_write_ops[4m]))'],
      [
        'replica',
        'pv_name',
        'sum by (pv_name) (rate(replica_num_read_ops[4m])) + ' +
          'sum by (pv_name) (rate(replica_num_write_ops[4m])) / count by (pv_name) (replica_num_write_ops)',
      ],
      ['openebs', 'openebs_pv', 'sum by (openebs_pv) (rate(openebs_reads[4m]) + rate(openebs_writes[4m]))'],
    ]);
  });

  it('asks first for what the operator names', () => {
    const [first, ...others] = metricFamilies(CUSTOM);
    expect(first?.query('1h1m')).toBe('sum by (volume) (rate(my_reads[1h1m]) + rate(ns:my_writes[1h1m]))');
    expect(others.map(({ name }) => name)).toEqual(['volume', 'replica', 'openebs']);
  });

  it.each([
    { readOps: 'my reads' },
    { readOps: '' },
    { writeOps: '1writes' },
    { writeOps: 'up) or vector(0' },
    { readOps: 'a'.repeat(256) },
    { volumeLabel: '__name__' },
    { volumeLabel: 'with:colon' },
    { volumeLabel: 'a-b' },
  ])('refuses %j, which no release takes unquoted', (fault) => {
    expect(() => metricFamilies({ ...CUSTOM, ...fault })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('parseCustomMetrics', () => {
  it('reads two metrics and a label', () => {
    expect(parseCustomMetrics(' my_reads, ns:my_writes ,volume')).toEqual(CUSTOM);
  });

  it.each([
    ['', /is not three names; write the metric of reads/],
    ['my_reads,my_writes', /is not three names/],
    ['a,b,c,d', /is not three names/],
    ['a b,c,d', /--heat-metrics: the metric of reads: "a b" is not a name; write letters, digits, "_" and ":"/],
    ['a,,d', /the metric of writes: "" is not a name/],
    ['a,b,__name__', /the label of volumes: "__name__" is not a name; .*neither a digit nor "__"/],
  ])('refuses %j with what to write', (text, message) => {
    expect(() => parseCustomMetrics(text, '--heat-metrics')).toThrow(message);
  });
});
