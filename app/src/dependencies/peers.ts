/** How many servers of a group are up, and how many there are. */
export interface Share {
  up: number;
  of: number;
}

/** The replicas and Sentinels of a Redis master, which can fail without affecting requests. */
export interface Peers {
  replicas: Share;
  sentinels: Share;
}

/** A replica that was silent for longer counts as down; replicas report to the master every second. */
const silentSeconds = 3;

/**
 * Counts the replicas in the output of `INFO replication` that keep up with the master. Redis forgets replicas that are
 * gone, so the expected number is the highest one seen since this process started.
 */
export function replicaCounter(): (info: string) => Share {
  let most = 0;
  return (info) => {
    const lags = info.matchAll(/^slave\d+:.*state=online.*,lag=(\d+)/gm);
    const up = [...lags].filter(([, lag]) => Number(lag) <= silentSeconds).length;
    most = Math.max(most, up);
    return { up, of: most };
  };
}
