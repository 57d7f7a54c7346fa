/** A seeded random number generator. */
export interface Random {
  /** At least 0 and less than 1. */
  next(): number;
  /** A whole number, at least 0 and less than `below`. */
  whole(below: number): number;
  pick<T>(list: readonly T[]): T;
  chance(part: number): boolean;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are enough to vary requests. */
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
