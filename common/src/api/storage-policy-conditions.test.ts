import { describe, expect, it } from '@jest/globals';
import { applyPolicySpecConditions, policySpecConditions } from './storage-policy-conditions.ts';
import { setCondition, type ConditionUpdate } from './conditions.ts';
import { parseStoragePolicy } from './storage-policy.ts';

const derive = (spec: Record<string, unknown>, generation = 3): readonly ConditionUpdate[] =>
  policySpecConditions(
    parseStoragePolicy({
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'StoragePolicy',
      metadata: { name: 'p' },
      spec: {
        highWatermarkIOPS: 5000,
        lowWatermarkIOPS: 500,
        storageClassName: 'mayastor',
        hotPoolSelector: { matchLabels: { tier: 'hot' } },
        coldPoolSelector: { matchLabels: { tier: 'cold' } },
        ...spec,
      },
    }),
    generation,
  );

const window = (fields: Record<string, string>): Record<string, unknown> => ({
  maintenanceWindows: [{ schedule: '0 0 * * *', duration: '1h', ...fields }],
});

describe('the conditions that follow from a policy', () => {
  it('accept a valid policy, with the generation looked at', () => {
    expect(derive({})).toEqual([
      { type: 'Accepted', status: 'True', reason: 'Valid', message: 'The policy is valid.', observedGeneration: 3 },
    ]);
  });

  it('accept a policy that is switched off, and say so', () => {
    expect(derive({ enabled: false })).toMatchObject([{ type: 'Accepted', status: 'True', reason: 'Disabled' }]);
  });

  it('name every problem of an invalid one', () => {
    const [accepted, ...others] = derive({ samplingWindow: '1', enabled: 1 });
    expect(accepted).toMatchObject({ status: 'False', reason: 'InvalidSpec' });
    expect(accepted?.message).toMatch(/^spec\.samplingWindow: .*\nspec\.enabled: /);
    expect(others).toEqual([]);
  });

  it.each([
    [{ timeZone: 'Atlantis/Capital' }, 'UnknownTimeZone', 'spec.maintenanceWindows[0].timeZone'],
    [{ schedule: '0 0 30 FEB *' }, 'WindowNeverOpens', 'spec.maintenanceWindows[0].schedule'],
  ])('do not accept a window that cannot be kept: %j', (fields, reason, field) => {
    expect(derive(window(fields))).toEqual([expect.objectContaining({ status: 'False', reason })]);
    expect(derive(window(fields))[0]?.message).toContain(field);
  });

  it('accept a window in a zone of the time zone database', () => {
    expect(derive(window({ timeZone: 'Europe/Berlin' }))).toMatchObject([{ status: 'True' }]);
  });

  it('say that archiving is not supported as long as the policy asks for it', () => {
    const asked = derive({ ecPolicyRef: 'archive' });
    expect(asked).toMatchObject([
      { type: 'Accepted', status: 'True' },
      { type: 'ArchiveUnsupported', status: 'True' },
    ]);
    const other = { type: 'Healthy', status: 'True', reason: 'Fine', message: '' } as const;
    const stored = applyPolicySpecConditions(setCondition([], other, 0), asked, 0);
    expect(stored.map(({ type }) => type)).toEqual(['Healthy', 'Accepted', 'ArchiveUnsupported']);
    expect(applyPolicySpecConditions(stored, asked, 60_000)).toBe(stored);
    expect(applyPolicySpecConditions(stored, derive({}), 60_000).map(({ type }) => type)).toEqual([
      'Healthy',
      'Accepted',
    ]);
  });
});
