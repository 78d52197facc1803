import { describe, expect, it } from '@jest/globals';
import { healthOf, type Dependency } from './health.ts';

const dependency = (name: string, healthy: boolean): Dependency => ({ name, healthy, reason: 'R', message: 'm' });

describe('healthOf', () => {
  it('is Healthy when everything that is needed answers', () => {
    expect(healthOf([], [dependency('storage', true)]).health).toBe('Healthy');
    expect(healthOf([], []).health).toBe('Healthy');
  });

  it('is Degraded, not Unhealthy, when something outside does not answer', () => {
    expect(healthOf([], [dependency('storage', true), dependency('prometheus', false)]).health).toBe('Degraded');
  });

  it('is Unhealthy when the process makes no progress, whatever else is the case', () => {
    expect(healthOf(['stuck'], [dependency('storage', true)]).health).toBe('Unhealthy');
    expect(healthOf(['stuck'], [dependency('storage', false)])).toMatchObject({
      health: 'Unhealthy',
      problems: ['stuck'],
    });
  });
});
