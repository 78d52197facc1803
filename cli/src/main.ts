#!/usr/bin/env node
/** `kubectl couchestor`: what a person says to CoucheStor, and asks of it. kubectl finds it on PATH under the name of its file. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '@couchestor/common/base';
import { run } from './run.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

const unread = new AbortController();
/** Who reads through `head` has read enough; that is no failure. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  unread.abort();
}
process.stdout.on('error', onOutputError);
process.stderr.on('error', onOutputError);

const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
process.exitCode = await run({
  argv: process.argv.slice(2),
  environment: {
    kubeconfig: process.env.KUBECONFIG,
    home: homedir(),
    isPod: process.env.KUBERNETES_SERVICE_HOST !== undefined,
  },
  console: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    interrupted: interrupted.signal,
    unread: unread.signal,
    clock: realClock,
  },
  version: (JSON.parse(manifest) as { version: string }).version,
});
