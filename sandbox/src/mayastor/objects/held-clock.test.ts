import { VirtualClock } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { HeldClock } from './held-clock.ts';

describe('a held clock', () => {
  it('stands still until it is let go, and then shows the time of the one beneath it', async () => {
    const beneath = new VirtualClock();
    await beneath.advance(5);
    const clock = new HeldClock(beneath);
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    await beneath.advance(1000);
    expect([clock.now(), clock.monotonic()]).toEqual([now, monotonic]);
    clock.letGo();
    expect([clock.now(), clock.monotonic()]).toEqual([now + 1000, monotonic + 1000]);
  });

  it('runs timers and ends waits all the time', async () => {
    const beneath = new VirtualClock();
    const clock = new HeldClock(beneath);
    const ran: string[] = [];
    clock.setTimer(10, () => ran.push('timer'));
    void clock.sleep(20).then(() => ran.push('wait'));
    await beneath.advance(30);
    expect(ran).toEqual(['timer', 'wait']);
  });
});
