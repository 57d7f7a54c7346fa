/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** From 0 to 1, 1 left out. */
  next(): number;
  /** A whole number from 0 to `below`, `below` left out. */
  whole(below: number): number;
  pick<T>(list: readonly T[]): T;
  chance(part: number): boolean;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty to vary requests. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number) => Math.floor(next() * below);
  const pick = <T>(list: readonly T[]) => {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[whole(list.length)] as T;
  };
  return { next, whole, pick, chance: (part) => next() < part };
}
