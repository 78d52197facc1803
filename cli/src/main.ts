#!/usr/bin/env node
/** `kubectl couchestor`: what a person says to CoucheStor, and asks of it. kubectl finds it on PATH under the name of its file. */
import { processConsole } from '@couchestor/common/command-line';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
process.exitCode = await run({
  argv: process.argv.slice(2),
  environment: {
    kubeconfig: process.env.KUBECONFIG,
    home: homedir(),
    isPod: process.env.KUBERNETES_SERVICE_HOST !== undefined,
  },
  console: processConsole(),
  version: (JSON.parse(manifest) as { version: string }).version,
});
