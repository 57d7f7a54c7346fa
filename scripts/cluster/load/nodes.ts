import type { Agent } from 'node:http';
import { newAgent, send } from './http.ts';

/** One of the addresses of the same application. */
export interface Node {
  readonly url: string;
  readonly agent: Agent;
  /** False while its health check does not return 200. */
  healthy: boolean;
  asked: number;
  /** How often its health check began to fail. */
  outages: number;
}

/** Chooses the node of each request, as an external load balancer does. */
export interface Nodes {
  readonly all: readonly Node[];
  /** A random healthy node, or any node if none is healthy. Not `not`, if there is another. */
  next(not?: Node): Node;
  stop(): void;
}

/** Milliseconds from one health check of a node to the next, and its deadline. */
const [EVERY, DEADLINE] = [1000, 2000];

/** Checks every node each second if a health path is given. Resolves after the first checks. */
export async function watchNodes(urls: readonly string[], health: string | undefined): Promise<Nodes> {
  const all: Node[] = urls.map((url) => ({ url, agent: newAgent(url), healthy: true, asked: 0, outages: 0 }));
  const ends = new AbortController();
  if (health !== undefined) await Promise.all(all.map((node) => check(node, health)));
  if (health !== undefined) for (const node of all) void watch(node, health, ends.signal);
  return {
    all,
    next(not) {
      const others = all.filter((node) => node !== not);
      const from = others.length > 0 ? others : all;
      const healthy = from.filter((node) => node.healthy);
      const choice = healthy.length > 0 ? healthy : from;
      const node = choice[Math.floor(Math.random() * choice.length)];
      if (!node) throw new RangeError('there is no node');
      return node;
    },
    stop() {
      ends.abort();
      for (const { agent } of all) agent.destroy();
    },
  };
}

async function watch(node: Node, health: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    await check(node, health);
    await pause(EVERY - (performance.now() - began), signal);
  }
}

/** Opens a new connection each time: an existing one says nothing about new visitors. */
async function check(node: Node, health: string): Promise<void> {
  const question = { method: 'GET', path: health } as const;
  const status = await send(node.url, question, { agent: false, milliseconds: DEADLINE }).then(
    (answer) => answer.status,
    () => 0,
  );
  if (node.healthy && status !== 200) node.outages += 1;
  node.healthy = status === 200;
}

/** Waits, at most until the signal, without keeping the process alive. */
const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(done, Math.max(0, milliseconds)).unref();
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
