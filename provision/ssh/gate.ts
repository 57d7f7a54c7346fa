import { setTimeout as wait } from 'node:timers/promises';

/**
 * Connections that may be starting at one sshd at the same time: it drops some above 10 (sshd_config, MaxStartups
 * 10:30:100), and others may be connecting too.
 */
const AT_ONCE = 6;
/** Milliseconds over which those that had to wait are spread. */
const SPREAD = 20;

interface Gate {
  inside: number;
  readonly waiting: (() => void)[];
}

/** One for each sshd that somebody is connecting to now, whoever asks: the limit is the server's. */
const gates = new Map<string, Gate>();

/** Does `work` as soon as fewer than six others are being done for the same server. */
export async function gated<T>(server: string, work: () => Promise<T>): Promise<T> {
  const gate = gates.get(server) ?? { inside: 0, waiting: [] };
  gates.set(server, gate);
  if (gate.inside >= AT_ONCE) {
    // Whoever leaves hands over the place: `inside` stays as it is.
    await new Promise<void>((resolve) => gate.waiting.push(resolve));
    await wait(Math.random() * SPREAD);
  } else gate.inside++;
  try {
    return await work();
  } finally {
    const next = gate.waiting.shift();
    if (next) next();
    else if (--gate.inside === 0) gates.delete(server);
  }
}
