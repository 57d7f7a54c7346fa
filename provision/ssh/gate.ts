import { setTimeout as wait } from 'node:timers/promises';

/**
 * The number of connections that may be starting at one sshd at the same time. Above 10, sshd drops some of them
 * (sshd_config, MaxStartups 10:30:100), and other clients may be connecting too.
 */
const AT_ONCE = 6;
/** Milliseconds over which waiting connections are spread. */
const SPREAD = 20;

interface Gate {
  inside: number;
  readonly waiting: (() => void)[];
}

/** One gate for each sshd with connections starting, because the limit applies per server. */
const gates = new Map<string, Gate>();

/** Runs `work` as soon as fewer than six others run for the same server. */
export async function gated<T>(server: string, work: () => Promise<T>): Promise<T> {
  const gate = gates.get(server) ?? { inside: 0, waiting: [] };
  gates.set(server, gate);
  if (gate.inside >= AT_ONCE) {
    // A finished one hands over its place, so `inside` does not change.
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
