import { expect, it } from '@jest/globals';
import { createNamespace } from '../../contract/kube-api/harness/namespaces.ts';
import { openTarget } from '../../contract/kube-api/harness/target.ts';
import { installWidgets, schemaWithoutIntOrString } from '../../contract/kube-api/harness/widgets.ts';
import { eventually } from '../../contract/kube-api/harness/wait.ts';
import { requireTool } from '../../skips.ts';
import { CommandLine } from './kubectl.ts';

const tool = requireTool('kubectl');
const target = await openTarget();
const kubectl = await CommandLine.of(tool.path, target);
const namespace = await createNamespace(target);
const widgets = await installWidgets(target, { schema: schemaWithoutIntOrString() });
const ofGroup = (name: string): string => `widget.${widgets.group}/${name}`;

const apply = (input: unknown, ...args: string[]): Promise<string> =>
  kubectl.ok(['apply', '-f', '-', ...args], { input });

const specOf = async (name: string): Promise<unknown> =>
  (await kubectl.json<{ spec: unknown }>(['get', widgets.crd, name])).spec;

tool.describe('kubectl apply', () => {
  it('creates, leaves alone, and configures', async () => {
    const object = widgets.object('applied', { size: 1, note: 'x' });
    expect(await apply(object)).toBe(`${ofGroup('applied')} created\n`);
    expect(await apply(object)).toBe(`${ofGroup('applied')} unchanged\n`);
    expect(await apply(widgets.object('applied', { size: 2 }))).toBe(`${ofGroup('applied')} configured\n`);
    expect(await specOf('applied')).toEqual({ size: 2, mode: 'Slow' });
  });

  it('merges lists of built-in types', async () => {
    const deployment = (containers: object[]): object => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
      },
    });
    await apply(
      deployment([
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:1' },
      ]),
    );
    await kubectl.ok(['patch', 'deployment', 'web', '-n', namespace, '-p', '{"spec":{"replicas":3}}']);
    await apply(deployment([{ name: 'a', image: 'a:2' }]));
    const path = '{.spec.replicas} {.spec.template.spec.containers[*].image}';
    expect(await kubectl.ok(['get', 'deployment', 'web', '-n', namespace, '-o', `jsonpath=${path}`])).toBe('3 a:2');
  });

  it('tells what is wrong', async () => {
    const invalid = await kubectl.run(['apply', '-f', '-'], { input: widgets.object('wrong', { size: -1 }) });
    expect([invalid.code, invalid.stderr]).toEqual([1, expect.stringContaining('spec.size: Invalid value: -1')]);
    const input = widgets.object('wrong', { size: 1, bogus: 1 });
    let unknown = '';
    await eventually(async () => {
      const { code, stderr } = await kubectl.run(['apply', '--dry-run=server', '-f', '-'], { input });
      unknown = stderr;
      return code === 1;
    }, 'the published schema');
    expect(unknown).toMatch(/unknown field "(.*\.)?spec\.bogus"|unknown field "bogus"/);
  });

  it('can leave the merging to the server', async () => {
    const server = ['--server-side', '--field-manager', 'one'];
    expect(await apply(widgets.object('shared', { size: 1, note: 'x' }), ...server)).toBe(
      `${ofGroup('shared')} serverside-applied\n`,
    );
    const input = widgets.object('shared', { size: 2 });
    const conflict = await kubectl.run(['apply', '-f', '-', '--server-side', '--field-manager', 'two'], { input });
    expect(conflict.code).toBe(1);
    expect(conflict.stderr).toContain('Apply failed with 1 conflict: conflict with "one": .spec.size');
    await apply(input, '--server-side', '--field-manager', 'two', '--force-conflicts');
    expect(await specOf('shared')).toEqual({ size: 2, mode: 'Slow', note: 'x' });
  });

  it('moves from the client to the server', async () => {
    await apply(widgets.object('moved', { size: 1, note: 'x' }));
    await apply(widgets.object('moved', { size: 1 }), '--server-side');
    expect(await specOf('moved')).toEqual({ size: 1, mode: 'Slow' });
  });

  it('writes nothing in a dry run', async () => {
    expect(await apply(widgets.object('dry'), '--dry-run=server')).toBe(`${ofGroup('dry')} created (server dry run)\n`);
    expect((await kubectl.run(['get', widgets.crd, 'dry'])).code).toBe(1);
  });
});

tool.describe('kubectl diff', () => {
  it('shows what an apply would change', async () => {
    await apply(widgets.object('compared', { size: 1 }));
    expect((await kubectl.run(['diff', '-f', '-'], { input: widgets.object('compared', { size: 1 }) })).code).toBe(0);
    const { code, stdout } = await kubectl.run(['diff', '-f', '-'], { input: widgets.object('compared', { size: 2 }) });
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^- {2}size: 1\n\+ {2}size: 2$/m)]);
    const server = await kubectl.run(['diff', '--server-side', '--force-conflicts', '-f', '-'], {
      input: widgets.object('compared', { size: 3 }),
    });
    expect([server.code, server.stdout]).toEqual([1, expect.stringMatching(/^\+ {2}size: 3$/m)]);
  });
});

tool.describe('kubectl patch and edit', () => {
  it.each([
    ['merge', '{"spec":{"size":5}}'],
    ['json', '[{"op":"replace","path":"/spec/size","value":5}]'],
  ])('patches by %s', async (type, patch) => {
    await widgets.create(`patched-${type}`);
    expect(await kubectl.ok(['patch', widgets.crd, `patched-${type}`, '--type', type, '-p', patch])).toBe(
      `${ofGroup(`patched-${type}`)} patched\n`,
    );
    expect(await specOf(`patched-${type}`)).toEqual({ size: 5, mode: 'Slow' });
  });

  it('patches the status', async () => {
    await widgets.create('statused');
    await kubectl.ok([
      'patch',
      widgets.crd,
      'statused',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Ready"}}',
    ]);
    expect(await kubectl.ok(['get', widgets.crd, 'statused', '-o', 'jsonpath={.status.phase}'])).toBe('Ready');
  });

  it('edits with an editor', async () => {
    await widgets.create('edited');
    const env = { KUBE_EDITOR: "sed -i 's/size: 1/size: 6/'" };
    expect(await kubectl.ok(['edit', widgets.crd, 'edited'], { env })).toBe(`${ofGroup('edited')} edited\n`);
    expect(await specOf('edited')).toEqual({ size: 6, mode: 'Slow' });
  });

  it('replaces', async () => {
    await widgets.create('replaced', { size: 1, note: 'x' });
    expect(await kubectl.ok(['replace', '-f', '-'], { input: widgets.object('replaced', { size: 7 }) })).toContain(
      'replaced',
    );
    expect(await specOf('replaced')).toEqual({ size: 7, mode: 'Slow' });
  });

  it('labels and annotates', async () => {
    await widgets.create('labelled');
    expect(await kubectl.ok(['label', widgets.crd, 'labelled', 'tier=hot'])).toContain('labeled');
    expect((await kubectl.run(['label', widgets.crd, 'labelled', 'tier=cold'])).code).toBe(1);
    await kubectl.ok(['label', widgets.crd, 'labelled', 'tier=cold', '--overwrite']);
    await kubectl.ok(['annotate', widgets.crd, 'labelled', 'note=x']);
    const path = 'jsonpath={.metadata.labels.tier} {.metadata.annotations.note}';
    expect(await kubectl.ok(['get', widgets.crd, 'labelled', '-o', path])).toBe('cold x');
    await kubectl.ok(['label', widgets.crd, 'labelled', 'tier-']);
    expect(await kubectl.ok(['get', widgets.crd, 'labelled', '-o', path])).toBe(' x');
  });

  it('sets the image of a deployment', async () => {
    await kubectl.ok(['create', 'deployment', 'changed', '--image=i', '-n', namespace]);
    await kubectl.ok(['set', 'image', 'deployment/changed', 'i=j', '-n', namespace]);
    const path = 'jsonpath={.spec.template.spec.containers[0].image}';
    expect(await kubectl.ok(['get', 'deployment', 'changed', '-n', namespace, '-o', path])).toBe('j');
  });
});

tool.describe('kubectl create', () => {
  it.each([
    ['configmap made --from-literal=a=b', 'configmap/made created\n'],
    ['secret generic made --from-literal=a=b', 'secret/made created\n'],
    ['serviceaccount made', 'serviceaccount/made created\n'],
    ['role made --verb=get --resource=pods', 'role.rbac.authorization.k8s.io/made created\n'],
    [
      'rolebinding made --role=made --serviceaccount=default:made',
      'rolebinding.rbac.authorization.k8s.io/made created\n',
    ],
  ])('%s', async (command, output) => {
    expect(await kubectl.ok(['create', ...command.split(' '), '-n', namespace])).toBe(output);
  });

  it('makes a namespace', async () => {
    const name = target.unique('contract');
    expect(await kubectl.ok(['create', 'namespace', name])).toBe(`namespace/${name} created\n`);
    await kubectl.ok(['delete', 'namespace', name, '--wait=false']);
    if (!target.supports('namespaceController')) {
      const input = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
      await kubectl.ok(['replace', '--raw', `/api/v1/namespaces/${name}/finalize`, '-f', '-'], { input });
    }
    await kubectl.ok(['wait', '--for=delete', `namespace/${name}`, '--timeout=15s']);
  });

  it('refuses what exists', async () => {
    await widgets.create('made');
    const { code, stderr } = await kubectl.run(['create', '-f', '-'], { input: widgets.object('made') });
    expect([code, stderr]).toEqual([1, expect.stringContaining('Error from server (AlreadyExists)')]);
  });
});

tool.describe('kubectl delete and wait', () => {
  it('waits for a condition', async () => {
    await kubectl.ok(['wait', '--for=condition=Established', `crd/${widgets.crd}`, '--timeout=10s']);
  });

  it('waits for a value', async () => {
    await widgets.create('waited');
    const waiting = kubectl.ok(['wait', '--for=jsonpath={.spec.size}=9', `${widgets.crd}/waited`, '--timeout=15s']);
    await target.admin.patch(`${widgets.path}/waited`, 'merge', { spec: { size: 9 } });
    expect(await waiting).toBe(`${ofGroup('waited')} condition met\n`);
  });

  it('deletes and waits until the object is gone', async () => {
    await widgets.create('deleted');
    expect(await kubectl.ok(['delete', widgets.crd, 'deleted'])).toBe(`widget.${widgets.group} "deleted" deleted\n`);
    expect((await kubectl.run(['get', widgets.crd, 'deleted'])).code).toBe(1);
  });

  it('waits for finalizers', async () => {
    await widgets.create('held', { size: 1 }, { finalizers: ['x.test/hold'] });
    const impatient = await kubectl.run(['delete', widgets.crd, 'held', '--timeout=1s']);
    expect([impatient.code, impatient.stderr]).toEqual([
      1,
      expect.stringContaining('timed out waiting for the condition'),
    ]);
    const waiting = kubectl.ok(['wait', '--for=delete', `${widgets.crd}/held`, '--timeout=15s']);
    await kubectl.ok(['patch', widgets.crd, 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    await waiting;
  });

  it('deletes by label and by file', async () => {
    const object = widgets.object('grouped', { size: 1 }, { labels: { part: 'x' } });
    await apply(object);
    expect(await kubectl.ok(['delete', widgets.crd, '-l', 'part=x'])).toContain('"grouped" deleted');
    await apply(object);
    expect(await kubectl.ok(['delete', '-f', '-'], { input: object })).toContain('"grouped" deleted');
    expect(await kubectl.ok(['delete', '-f', '-', '--ignore-not-found'], { input: object })).toBe('');
  });
});
