/** What the `couchestor-operator` process can be told. */
import { LOG_LEVELS, type ConfigOf, type ConfigSpec } from '@couchestor/common/base';

export const options = {
  prometheusUrl: {
    flag: 'prometheus-url',
    env: 'PROMETHEUS_URL',
    type: 'url',
    default: 'http://prometheus.monitoring.svc.cluster.local:9090',
    description: 'Prometheus that has the I/O metrics of volumes.',
  },
  prometheusTokenFile: {
    flag: 'prometheus-token-file',
    type: 'path',
    description: 'File with the bearer token for Prometheus; read again for every request.',
  },
  prometheusCaFile: {
    flag: 'prometheus-ca-file',
    type: 'file-content',
    description: 'File of certificates, in PEM, to trust for Prometheus instead of the usual ones.',
  },
  heatMetrics: {
    flag: 'heat-metrics',
    type: 'string',
    description:
      'READS,WRITES,LABEL: two counters of operations and their label for the PersistentVolume, asked before the known names.',
  },
  scrapeInterval: {
    flag: 'scrape-interval',
    type: 'duration',
    default: '60s',
    min: '1s',
    max: '10m',
    description: 'How far apart Prometheus scrapes the metrics of volumes.',
  },
  mayastorUrl: {
    flag: 'mayastor-url',
    env: 'MAYASTOR_URL',
    type: 'url',
    description:
      "Mayastor's REST API, such as http://mayastor-api-rest:8081; without it the pre-1.0 custom resources are used.",
  },
  mayastorVersion: {
    flag: 'mayastor-version',
    type: 'string',
    description: 'Release of Mayastor, such as 2.9.1; without it the labels of its Deployments say it.',
  },
  mayastorTokenFile: {
    flag: 'mayastor-token-file',
    type: 'path',
    description: 'File with the bearer token for Mayastor; read again for every request.',
  },
  mayastorCaFile: {
    flag: 'mayastor-ca-file',
    type: 'file-content',
    description: 'File of certificates, in PEM, to trust for Mayastor instead of the usual ones.',
  },
  maxConcurrentMigrations: {
    flag: 'max-concurrent-migrations',
    env: 'MAX_CONCURRENT_MIGRATIONS',
    type: 'integer',
    default: 2,
    min: 1,
    max: 100,
    description: 'Migrations at once, over all policies and for each; a policy may ask for less.',
  },
  maxMigrationsPerHour: {
    flag: 'max-migrations-per-hour',
    type: 'integer',
    default: 6,
    min: 1,
    max: 1000,
    description: 'Migrations started within any hour, over all policies.',
  },
  migrationTimeoutMinutes: {
    flag: 'migration-timeout-minutes',
    type: 'integer',
    default: 30,
    min: 1,
    max: 10_080,
    description: 'Minutes that a migration may take if its policy has no migrationTimeout.',
  },
  syncPollIntervalSeconds: {
    flag: 'sync-poll-interval-seconds',
    type: 'integer',
    default: 10,
    min: 1,
    max: 3_600,
    description: 'How often the progress of a migration is looked at, in seconds.',
  },
  settleTime: {
    flag: 'settle-time',
    type: 'duration',
    default: '35s',
    min: '1s',
    max: '10m',
    description:
      'How long a new replica is in sync before that is believed, and a lost call is waited for (20s or more); longer than answers of Mayastor are old.',
  },
  dryRun: {
    flag: 'dry-run',
    env: 'DRY_RUN',
    type: 'boolean',
    default: false,
    description:
      'Decide and report only, whatever policies say: only statuses are written; migrations that run are held, and what they steer is undone.',
  },
  preservationMode: {
    flag: 'preservation-mode',
    env: 'PRESERVATION_MODE',
    type: 'boolean',
    default: false,
    description: 'Keep the old replica after a migration, whatever policies say.',
  },
  poolReserve: {
    flag: 'pool-reserve',
    type: 'integer',
    default: 10,
    min: 0,
    max: 90,
    description: 'Percent of a pool that a migration leaves free.',
  },
  reconcileInterval: {
    flag: 'reconcile-interval',
    type: 'duration',
    default: '60s',
    min: '1s',
    max: '1h',
    description: 'How often the whole cluster is looked at and decided about.',
  },
  kubeconfig: {
    flag: 'kubeconfig',
    env: 'KUBECONFIG',
    type: 'path',
    description: 'Kubeconfig file; without it the service account of the pod is used.',
  },
  namespace: {
    flag: 'namespace',
    env: 'NAMESPACE',
    type: 'string',
    pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    default: 'couchestor-system',
    description: 'Namespace of this process, where the Lease of the leader is.',
  },
  leaderElect: {
    flag: 'leader-elect',
    type: 'boolean',
    default: true,
    description: 'Act only while holding the Lease; switched off, nothing else may act.',
  },
  metricsHost: {
    flag: 'metrics-host',
    type: 'string',
    default: '0.0.0.0',
    description: 'Address on which /metrics is served.',
  },
  metricsPort: {
    flag: 'metrics-port',
    type: 'port',
    default: 8080,
    description: 'Port of /metrics; 0 is any free one.',
  },
  probeHost: {
    flag: 'probe-host',
    type: 'string',
    default: '0.0.0.0',
    description: 'Address on which /healthz, /livez and /readyz are served.',
  },
  probePort: {
    flag: 'probe-port',
    type: 'port',
    default: 8081,
    description: 'Port of /healthz, /livez and /readyz; 0 is any free one.',
  },
  apiHost: {
    flag: 'api-host',
    type: 'string',
    default: '127.0.0.1',
    description: 'Address on which decisions are served to whoever reaches it: read only, without authentication.',
  },
  apiPort: {
    flag: 'api-port',
    type: 'port',
    default: 8090,
    description: 'Port of /api/v1/decisions; 0 is any free one.',
  },
  logLevel: {
    flag: 'log-level',
    env: 'LOG_LEVEL',
    type: 'enum',
    values: LOG_LEVELS,
    default: 'info',
    description: 'The least important lines to log.',
  },
  logJson: { flag: 'log-json', type: 'boolean', default: false, description: 'Log JSON instead of text.' },
} as const satisfies ConfigSpec;

export type OperatorConfig = ConfigOf<typeof options>;
