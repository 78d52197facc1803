/** What the `couchestor-sandbox` process can be told. */
import type { ConfigSpec } from '@couchestor/common/base';
import { RELEASES } from './mayastor/types.ts';

export const options = {
  host: { flag: 'host', type: 'string', default: '127.0.0.1', description: 'Address to listen on.' },
  port: { flag: 'port', type: 'port', default: 6443, description: 'Port to listen on; 0 is any free one.' },
  allowRemote: {
    flag: 'allow-remote',
    type: 'boolean',
    default: false,
    description: 'Allow a --host that other machines can reach.',
  },
  dataDir: {
    flag: 'data-dir',
    type: 'path',
    description: 'Directory that keeps objects and keys; without it everything is in memory.',
  },
  kubeconfig: {
    flag: 'kubeconfig',
    type: 'path',
    default: 'sandbox.kubeconfig',
    description: "File to write the administrator's kubeconfig to.",
  },
  crds: {
    flag: 'crds',
    type: 'string',
    description: 'Directories, separated by commas, whose YAML files are applied on start.',
  },
  mayastorRelease: {
    flag: 'mayastor-release',
    type: 'enum',
    values: ['none', ...RELEASES],
    default: 'none',
    description: 'Release of OpenEBS Mayastor to stand in for: its REST API, exporters and Kubernetes objects.',
  },
  mayastorPort: {
    flag: 'mayastor-port',
    type: 'port',
    default: 8081,
    description: "Port of Mayastor's REST API; 0 is any free one.",
  },
  scenarioVolumes: {
    flag: 'scenario-volumes',
    type: 'integer',
    default: 24,
    min: 0,
    max: 10_000,
    description: 'How many volumes, with claims and I/O, the Mayastor starts with.',
  },
  staleness: {
    flag: 'staleness',
    type: 'duration',
    default: '30s',
    min: '0s',
    max: '10m',
    description: "How old the state in Mayastor's answers may be; shorten it to compress time.",
  },
  rebuildRate: {
    flag: 'rebuild-rate',
    type: 'size',
    default: '512Mi',
    min: '1Mi',
    description: 'How much each rebuild copies in a second; raise it to compress time.',
  },
  controlPort: {
    flag: 'control-port',
    type: 'port',
    description: 'Port on which volumes can be made busy or idle, and the safety record is told; 0 is any free one.',
  },
  exporterTargets: {
    flag: 'exporter-targets',
    type: 'path',
    description: "File to write the exporters' addresses to, for file_sd_configs of Prometheus.",
  },
  logLevel: {
    flag: 'log-level',
    env: 'LOG_LEVEL',
    type: 'enum',
    values: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    description: 'The least important lines to log.',
  },
  logJson: { flag: 'log-json', type: 'boolean', default: false, description: 'Log JSON instead of text.' },
} as const satisfies ConfigSpec;
