/** What the replicas said at one time: requests in flight of those that answered. */
export interface Sample {
  /** Seconds, of any clock that only goes forward. */
  readonly at: number;
  readonly replicas: number;
  /** One number for each replica that answered. */
  readonly inFlight: readonly number[];
}

export interface Settings {
  readonly min: number;
  readonly max: number;
  /** Requests in flight that a replica is to have. */
  readonly target: number;
  /** Seconds of samples that one decision looks back on: a single moment says little. */
  readonly window: number;
  /** Seconds after any change in which nothing is added, and in which nothing is taken away. */
  readonly coolUp: number;
  readonly coolDown: number;
}

export interface Decision {
  readonly replicas: number;
  readonly why: string;
}

/** So far off the target nothing is done: it would be undone a moment later. */
const TOLERANCE = 0.1;

/**
 * How many replicas there are to be: the requests in flight by the target for each (the formula of Kubernetes'
 * HorizontalPodAutoscaler), up by twice as many at most, down by one at a time and only while the rest would stay
 * well below the target. `samples` are oldest first; `changedAt` is when the number was last changed.
 */
export function decide(samples: readonly Sample[], settings: Settings, changedAt: number): Decision {
  const { min, max, target, window, coolUp, coolDown } = settings;
  const last = samples.at(-1);
  if (!last) return { replicas: 0, why: 'nothing is known yet' };
  const { replicas: now, at } = last;
  const stay = (why: string): Decision => ({ replicas: now, why });
  if (now === 0) return stay('somebody has switched it off');
  if (now < min) return { replicas: min, why: `at least ${min}` };
  if (now > max) return { replicas: max, why: `at most ${max}` };
  const recent = samples.filter((sample) => sample.at > at - window && sample.at >= changedAt);
  const means = recent.map(meanOf).filter((mean) => mean !== undefined);
  if (means.length === 0) return stay('no replica has answered');
  const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
  const shown = `${mean.toFixed(1)} in flight each, ${target} wanted`;
  if (mean > target * (1 + TOLERANCE)) {
    // Who does not answer may be too busy to, so it counts as one of those that are needed.
    const wanted = Math.min(max, 2 * now, Math.ceil((mean * now) / target));
    if (wanted <= now) return stay(`${shown}; ${max} is the most`);
    return at - changedAt < coolUp
      ? stay(`${shown}; changed a moment ago`)
      : { replicas: wanted, why: shown };
  }
  const peak = Math.max(...means);
  const afterwards = now > 1 ? (peak * now) / (now - 1) : Number.POSITIVE_INFINITY;
  if (now === min || afterwards > target * (1 - TOLERANCE)) return stay(shown);
  if (last.inFlight.length < now) return stay(`${shown}; not all have answered`);
  return at - changedAt < coolDown
    ? stay(`${shown}; changed a moment ago`)
    : { replicas: now - 1, why: shown };
}

const meanOf = ({ inFlight }: Sample) =>
  inFlight.length === 0 ? undefined : inFlight.reduce((sum, one) => sum + one, 0) / inFlight.length;
