import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MigrationPhase } from '@couchestor/common/api';
import type { Migration } from './api.ts';
import { LiveView } from './live-view.ts';
import type { Sight, VolumeSight } from './sight.ts';

const claim = { namespace: 'shop', name: 'orders', storageClassName: 'mayastor-2' };

function volume(changed: Partial<NonNullable<VolumeSight['decision']>> = {}, migration?: Migration): VolumeSight {
  const decision = {
    volumeId: 'v1',
    volumeName: 'pvc-v1',
    outcome: 'Stay',
    code: 'AtTarget',
    from: 'Hot',
    heat: { known: true, iops: 12_345.6 },
    explanation: '',
    ...changed,
  };
  return { volume: { volumeId: 'v1', kind: 'busy', claim }, name: 'shop/orders', tiers: 'hot', decision, migration };
}

function migration(phase: MigrationPhase, message = ''): Migration {
  return {
    metadata: { name: 'v1-1' },
    spec: { volumeId: 'v1', source: { tier: 'Cold' }, target: { tier: 'Hot' } },
    status: { phase, progressPercent: 50, message },
  };
}

const sight = (one: VolumeSight, migrations: readonly Migration[] = []): Sight => ({
  volumes: [one],
  migrations,
  isFresh: true,
});

let text = '';
const view = (isTerminal: boolean, columns = 200): LiveView =>
  new LiveView({ write: (more) => (text += more), isTerminal, columns }, () => 1_234);
beforeEach(() => {
  text = '';
});

describe('off a terminal, the view', () => {
  it('has a line for every change, and none for what is as it was', () => {
    const plain = view(false);
    plain.show(sight(volume()));
    plain.show(sight(volume({ heat: { known: true, iops: 12_000 } })));
    plain.show(sight(volume({ outcome: 'Wait', code: 'Migrating' }), [migration('Adding')]));
    plain.show(sight(volume({ outcome: 'Wait', code: 'Migrating' }), [migration('Adding', 'Still.')]));
    plain.show(sight(volume({ heat: { known: false }, code: 'HeatUnknown' }), [migration('Aborted', 'Why.')]));
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      '1.2 s  shop/orders: 12,346 IOPS: Stay AtTarget',
      '1.2 s  shop/orders: cold to hot: Adding',
      '1.2 s  shop/orders: heat unknown: Stay HeatUnknown',
      '1.2 s  shop/orders: cold to hot: Aborted (Why.)',
      '',
    ]);
  });
});

describe('on a terminal, the view', () => {
  it('draws its table over itself, until something else is printed below', () => {
    const live = view(true);
    live.show(sight(volume()));
    expect(text).not.toContain('\u001b[4A');
    const syncing = migration('Syncing');
    live.show(sight(volume({}, syncing), [syncing]));
    expect(text).toContain('\u001b[4A');
    expect(text).toMatch(/shop\/orders +12,346 +hot +Move → hot +Syncing ██████░░░░░░ 50 %/);
    expect(text).toContain('Replicas moved: 0, moving: 1, not moved: 0');
    text = '';
    live.leave();
    live.show(sight(volume()));
    expect(text).not.toContain('\u001b[4A');
  });

  it('keeps each row on one line of it', () => {
    view(true, 40).show(sight(volume()));
    const lines = text.replaceAll('\u001b[K', '').split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(40);
  });
});
