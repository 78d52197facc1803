#!/usr/bin/env node
/** `couchestor-agent`: what a person asks of the disks of a node. */
import { processConsole } from '@couchestor/common/command-line';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands/run.ts';

const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
process.exitCode = await run({
  argv: process.argv.slice(2),
  console: processConsole(),
  version: (JSON.parse(manifest) as { version: string }).version,
});
