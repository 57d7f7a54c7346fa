/** The requests in flight at one time, for each replica that answered. */
export interface Sample {
  /** Seconds, of any monotonic clock. */
  readonly at: number;
  readonly replicas: number;
  /** One number for each replica that answered. */
  readonly inFlight: readonly number[];
}

export interface Settings {
  readonly min: number;
  readonly max: number;
  /** Requests in flight that each replica should have. */
  readonly target: number;
  /** Seconds of samples that a decision is based on: a single sample says little. */
  readonly window: number;
  /** Seconds after any change during which no replica is added, and during which none is removed. */
  readonly coolUp: number;
  readonly coolDown: number;
}

export interface Decision {
  readonly replicas: number;
  readonly why: string;
}

/** Smaller differences from the target change nothing: the change would be undone a moment later. */
const TOLERANCE = 0.1;

/**
 * The number of replicas: all requests in flight divided by the target for each replica (the formula of Kubernetes'
 * HorizontalPodAutoscaler). It at most doubles the number, and removes one at a time, only if the others would stay well
 * below the target. `samples` begin with the oldest; `changedAt` is the time of the last change.
 */
export function decide(samples: readonly Sample[], settings: Settings, changedAt: number): Decision {
  const { min, max, target, window, coolUp, coolDown } = settings;
  const last = samples.at(-1);
  if (!last) return { replicas: 0, why: 'no samples yet' };
  const { replicas: now, at } = last;
  const stay = (why: string): Decision => ({ replicas: now, why });
  if (now === 0) return stay('scaled to 0 by hand');
  if (now < min) return { replicas: min, why: `at least ${min}` };
  if (now > max) return { replicas: max, why: `at most ${max}` };
  const recent = samples.filter((sample) => sample.at > at - window && sample.at >= changedAt);
  const means = recent.map(meanOf).filter((mean) => mean !== undefined);
  if (means.length === 0) return stay('no replica has answered');
  const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
  const shown = `${mean.toFixed(1)} requests in flight per replica, target ${target}`;
  if (mean > target * (1 + TOLERANCE)) {
    // A replica that does not answer may be too busy, so it counts too.
    const wanted = Math.min(max, 2 * now, Math.ceil((mean * now) / target));
    if (wanted <= now) return stay(`${shown}; the maximum is ${max}`);
    return at - changedAt < coolUp
      ? stay(`${shown}; waiting after the last change`)
      : { replicas: wanted, why: shown };
  }
  const peak = Math.max(...means);
  const afterwards = now > 1 ? (peak * now) / (now - 1) : Number.POSITIVE_INFINITY;
  if (now === min || afterwards > target * (1 - TOLERANCE)) return stay(shown);
  if (last.inFlight.length < now) return stay(`${shown}; not all replicas have answered`);
  return at - changedAt < coolDown
    ? stay(`${shown}; waiting after the last change`)
    : { replicas: now - 1, why: shown };
}

const meanOf = ({ inFlight }: Sample) =>
  inFlight.length === 0 ? undefined : inFlight.reduce((sum, one) => sum + one, 0) / inFlight.length;
