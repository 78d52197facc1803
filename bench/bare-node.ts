/** What a process takes before it does anything: Node alone, and Node with the libraries that the operator is built on. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { rssMiBOf } from './child-memory.ts';

const LIBRARIES = `
import 'reflect-metadata';
import { KubeConfig } from '@kubernetes/client-node';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
new KubeConfig();
class Nothing {}
Module({})(Nothing);
const application = await NestFactory.create(Nothing, new ExpressAdapter(), { logger: false });
await application.listen(0, '127.0.0.1');`;

const PROGRAMS = {
  'Node alone': 'setInterval(() => undefined, 1000);',
  'Node, Nest and client-node': LIBRARIES,
} as const;

/** Resident set of each, MiB; empty where the system does not say (other than Linux). */
export async function bareNodeMiB(settleMs: number): Promise<Record<string, number>> {
  const memory: Record<string, number> = {};
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const args = ['--no-warnings', '--input-type=module', '--eval', program];
    const child = spawn(process.execPath, args, { cwd: join(import.meta.dirname, '..'), stdio: 'inherit' });
    await sleep(settleMs);
    const mebibytes = rssMiBOf(child.pid);
    child.kill('SIGKILL');
    if (mebibytes !== undefined) memory[name] = mebibytes;
  }
  return memory;
}
