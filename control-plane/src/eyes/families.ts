/**
 * The metric families that tell a volume's I/O, in the order in which they are asked: what the operator named, then what
 * Mayastor's engine exports of volumes (2.6 and later), of their replicas, and what the older OpenEBS engines export. All are
 * cumulative counters of operations, whatever type they declare.
 */
import { CoucheStorError } from '@couchestor/common/base';

export interface MetricFamily {
  readonly name: string;
  /** Its value is the name of the PersistentVolume. */
  readonly volumeLabel: string;
  /** Operations per second of every volume, each the mean over `range` (in PromQL's notation) before its time. */
  readonly query: (range: string) => string;
}

/** Counters of a volume's reads and writes under other names. */
export interface CustomMetrics {
  readonly readOps: string;
  readonly writeOps: string;
  readonly volumeLabel: string;
}

function sumOfRates(name: string, { readOps, writeOps, volumeLabel }: CustomMetrics): MetricFamily {
  return {
    name,
    volumeLabel,
    query: (range) => `sum by (${volumeLabel}) (rate(${readOps}[${range}]) + rate(${writeOps}[${range}]))`,
  };
}

const VOLUME = sumOfRates('volume', {
  readOps: 'volume_num_read_ops',
  writeOps: 'volume_num_write_ops',
  volumeLabel: 'pv_name',
});

/** A write of the volume is one of each replica. Rebuilds count too, so this comes after `volume`. */
const REPLICA: MetricFamily = {
  name: 'replica',
  volumeLabel: 'pv_name',
  query: (range) =>
    `sum by (pv_name) (rate(replica_num_read_ops[${range}])) + ` +
    `sum by (pv_name) (rate(replica_num_write_ops[${range}])) / count by (pv_name) (replica_num_write_ops)`,
};

const OPENEBS = sumOfRates('openebs', {
  readOps: 'openebs_reads',
  writeOps: 'openebs_writes',
  volumeLabel: 'openebs_pv',
});

/** The families in order. Thrown when a custom name could not be one of Prometheus: CoucheStorError `invalid`. */
export function metricFamilies(custom?: CustomMetrics): readonly MetricFamily[] {
  const builtIn = [VOLUME, REPLICA, OPENEBS];
  if (custom === undefined) return builtIn;
  checkName('the metric of reads', custom.readOps, METRIC_NAME);
  checkName('the metric of writes', custom.writeOps, METRIC_NAME);
  checkName('the label of volumes', custom.volumeLabel, LABEL_NAME);
  return [sumOfRates('custom', custom), ...builtIn];
}

/** From "READS,WRITES,LABEL". Thrown when it is anything else: CoucheStorError `invalid`, which names `field`. */
export function parseCustomMetrics(text: string, field = 'heat metrics'): CustomMetrics {
  const [readOps, writeOps, volumeLabel, ...more] = text.split(',').map((part) => part.trim());
  if (readOps === undefined || writeOps === undefined || volumeLabel === undefined || more.length > 0) {
    throw new CoucheStorError(
      'invalid',
      `${field}: ${JSON.stringify(text.slice(0, 200))} is not three names; write ` +
        'the metric of reads, the metric of writes and the label that holds the volume, separated by commas.',
      { fields: { field } },
    );
  }
  const custom = { readOps, writeOps, volumeLabel };
  checkName(`${field}: the metric of reads`, readOps, METRIC_NAME);
  checkName(`${field}: the metric of writes`, writeOps, METRIC_NAME);
  checkName(`${field}: the label of volumes`, volumeLabel, LABEL_NAME);
  return custom;
}

interface NameRule {
  readonly pattern: RegExp;
  readonly remedy: string;
}

/** The names that every release of Prometheus takes without quotes. */
const METRIC_NAME: NameRule = {
  pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]{0,254}$/,
  remedy: 'write letters, digits, "_" and ":", not starting with a digit',
};
/** Labels that start with two underscores are Prometheus's own and never reach an answer. */
const LABEL_NAME: NameRule = {
  pattern: /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,254}$/,
  remedy: 'write letters, digits and "_", starting with neither a digit nor "__"',
};

function checkName(what: string, name: string, { pattern, remedy }: NameRule): void {
  if (pattern.test(name)) return;
  throw new CoucheStorError('invalid', `${what}: ${JSON.stringify(name.slice(0, 200))} is not a name; ${remedy}.`, {
    fields: { field: what },
  });
}
