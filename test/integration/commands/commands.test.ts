/** The commands that the README promises, as a newcomer runs them. */
import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');

function npm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('npm', args, { cwd: root, encoding: 'utf8', timeout: 150_000 });
}

describe('npm test', () => {
  it('takes no argument that it would ignore', () => {
    const { status, stderr } = npm('test', '--', 'common/src/base');
    expect(status).toBe(2);
    expect(stderr).toMatch(/unknown argument 'common\/src\/base'[\s\S]*--only/);
  });
});

describe('npm run bench', () => {
  it('prints an array of rows with --json', () => {
    const { status, stdout } = npm('run', '--silent', 'bench', '--', 'kube-api', '--smoke', '--json');
    expect(status).toBe(0);
    const rows = JSON.parse(stdout) as Record<string, unknown>[];
    expect(rows.length).toBeGreaterThan(4);
    for (const row of rows) {
      expect(row).toEqual({
        area: 'kube-api',
        shape: expect.any(String),
        subject: expect.any(String),
        value: expect.any(Number),
        unit: expect.any(String),
        peers: expect.any(Object),
      });
      expect(row.value).toBeGreaterThan(0);
    }
  }, 60_000);

  it.each([
    ['brain', 'decide()'],
    ['eyes', 'read, checked, weighed'],
    ['hardware', 'first look'],
    ['shards', 'store, best'],
  ])(
    'measures the %s',
    (area, subject) => {
      const { status, stdout, stderr } = npm('run', '--silent', 'bench', '--', area, '--smoke', '--json');
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      const rows = JSON.parse(stdout) as { area: string; subject: string; value: number }[];
      expect(new Set(rows.map((row) => row.area))).toEqual(new Set([area]));
      for (const { value } of rows.filter((row) => row.subject === subject)) expect(value).toBeGreaterThan(0);
      expect(rows.map((row) => row.subject)).toContain(subject);
    },
    120_000,
  );

  it('prints a table without it', () => {
    const { status, stdout } = npm('run', '--silent', 'bench', '--', 'kube-adapter', '--smoke');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^AREA +SHAPE +SUBJECT +VALUE/);
  }, 120_000);

  it('lists the areas when asked for one that does not exist', () => {
    const { status, stderr } = npm('run', 'bench', '--', 'warp-drive');
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/unknown area: warp-drive[\s\S]*kube-api/);
  });

  it('refuses an unknown flag and says which exist', () => {
    const { status, stderr } = npm('run', 'bench', '--', 'kube-api', '--jsn');
    expect(status).toBe(2);
    expect(stderr).toMatch(/--jsn[\s\S]*--json/);
  });
});

describe('the bootstrap', () => {
  it('names its commands when it is given a wrong one', () => {
    const { status, stderr } = spawnSync('node', ['scripts/bootstrap.mjs', 'instal'], { cwd: root, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/unknown command 'instal'[\s\S]*demo/);
  });
});
