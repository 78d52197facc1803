/** What the `couchestor-sandbox` process can be told. */
import type { ConfigSpec } from '@couchestor/common/base';

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
