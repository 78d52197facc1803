import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { openTarget } from '../../contract/kube-api/harness/target.ts';
import { installWidgets } from '../../contract/kube-api/harness/widgets.ts';
import { eventually } from '../../contract/kube-api/harness/wait.ts';
import { requireTool } from '../../skips.ts';
import { CommandLine, tableOf } from './kubectl.ts';

const tool = requireTool('kubectl');
const target = await openTarget();
const kubectl = await CommandLine.of(tool.path, target);
const widgets = await installWidgets(target);

tool.describe('kubectl explain', () => {
  it('describes built-in types', async () => {
    const output = await kubectl.ok(['explain', 'deployment.spec.template.spec.containers']);
    expect(output).toMatch(/KIND: +Deployment\n/);
    expect(output).toMatch(/^ +image\t<string>$/m);
    expect(output).toMatch(/^ +name\t<string> -required-$/m);
  });

  it('describes custom types', async () => {
    const args = ['explain', `${widgets.crd.split('.')[0]!}.spec`, '--api-version', widgets.apiVersion];
    await eventually(async () => (await kubectl.run(args)).code === 0, 'the published schema');
    const output = await kubectl.ok(args);
    expect(output).toMatch(/^ +size\t<integer> -required-$/m);
    expect(output).toContain('How large the widget is.');
    expect(await kubectl.ok([...args, '--recursive'])).toMatch(
      /ports\t<\[\]Object>\n +name\t<string>( -required-)?\n +port\t<integer>/,
    );
  });
});

tool.describe('the definitions of the project', () => {
  const folder = join(import.meta.dirname, '../../../crds');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.yaml')) : [];

  target.when('exclusive')('apply as they are and can be explained', async () => {
    for (const file of files) {
      await kubectl.ok(['apply', '-f', join(folder, file)]);
      await kubectl.ok(['wait', '--for=condition=Established', '-f', join(folder, file), '--timeout=15s']);
    }
    // kubectl caches discovery, so that short names of new types are news to it.
    const fresh = await CommandLine.of(tool.path, target);
    expect(await fresh.ok(['explain', 'spol.spec'])).toContain('hotPoolSelector');
    expect(await fresh.ok(['explain', 'volmig'])).toMatch(/KIND: +VolumeMigration/);
    expect((await fresh.run(['get', 'couchestor'])).code).toBe(0);
  });

  target.when('exclusive')('have examples that apply', async () => {
    const examples = join(folder, 'examples');
    await kubectl.ok(['apply', '-f', folder]);
    expect(await kubectl.ok(['apply', '-f', examples])).toMatch(
      /storagepolicy\.storage\.billyronks\.io\/\S+ (created|unchanged)/,
    );
    const fresh = await CommandLine.of(tool.path, target);
    expect(await fresh.ok(['get', 'spol'])).toMatch(/^NAME/);
  });
});

tool.describe('kubectl api-resources, api-versions and version', () => {
  it('list what the server has', async () => {
    const rows = tableOf(await kubectl.ok(['api-resources']));
    expect(rows[0]).toEqual(['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND']);
    expect(rows).toContainEqual(['deployments', 'deploy', 'apps/v1', 'true', 'Deployment']);
    expect(rows).toContainEqual(['widgets', 'wd', widgets.apiVersion, 'true', 'Widget']);
    expect((await kubectl.ok(['api-versions'])).split('\n')).toEqual(
      expect.arrayContaining(['v1', 'apps/v1', widgets.apiVersion]),
    );
  });

  it('filter by group and verb', async () => {
    const output = await kubectl.ok([
      'api-resources',
      '--api-group',
      widgets.group,
      '--verbs',
      'list,watch',
      '-o',
      'name',
    ]);
    expect(output.trim()).toBe(widgets.crd);
  });

  it('print the version of the server', async () => {
    expect(await kubectl.ok(['version'])).toMatch(/^Server Version: v1\.\d+/m);
  });
});
