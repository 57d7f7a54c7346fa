/** How many of some servers do their part, of how many there are. */
export interface Share {
  up: number;
  of: number;
}

/** What stands behind a Redis master, and can be missing without TheAPP's requests noticing. */
export interface Peers {
  replicas: Share;
  sentinels: Share;
}

/** Seconds after which a replica that says nothing no longer counts; they speak up every second. */
const silentSeconds = 3;

/**
 * Counts the replicas that keep up in what `INFO replication` says. Redis forgets those that are gone, so there
 * are as many as were ever seen together since this process started.
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
