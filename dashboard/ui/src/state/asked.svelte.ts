/** What a person is being asked: it stays until it is answered, whatever goes from the page below. */
import type { Blocker, Resolution } from '../api/types';

export interface WayOut {
  blocker: Blocker;
  resolution: Resolution;
  option: string;
}

class Asked {
  /** A way out of a blocker. */
  way = $state.raw<WayOut | null>(null);
  /** A blocker whose task is broken down by hand. */
  parts = $state.raw<Blocker | null>(null);
}

export const asked = new Asked();
