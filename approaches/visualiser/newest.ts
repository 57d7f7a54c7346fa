/** The last state that could be read and when (milliseconds since 1970), and why a newer one could not be read. */
export interface Newest<T> {
  readonly last?: { readonly state: T; readonly at: number };
  readonly error?: string;
}

/** Milliseconds for which a state, or an error, is kept for all visitors. */
const FRESH = 1000;

/** Reads a state when it is asked for, and only once for all who ask at the same time. It never throws. */
export function newestOf<T>(read: () => Promise<T>): () => Promise<Newest<T>> {
  let newest: Newest<T> = {};
  let ended = Number.NEGATIVE_INFINITY;
  let pending: Promise<Newest<T>> | undefined;
  const again = async (): Promise<Newest<T>> => {
    try {
      newest = { last: { state: await read(), at: Date.now() } };
    } catch (error) {
      newest = { ...newest, error: error instanceof Error ? error.message : String(error) };
    }
    [ended, pending] = [performance.now(), undefined];
    return newest;
  };
  return async () => {
    if (pending === undefined && performance.now() - ended < FRESH) return newest;
    pending ??= again();
    return await pending;
  };
}
