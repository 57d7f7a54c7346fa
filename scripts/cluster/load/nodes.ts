import type { Agent } from 'node:http';
import { ask, newAgent } from './ask.ts';

/** One of the places at which the same application answers. */
export interface Node {
  readonly url: string;
  readonly agent: Agent;
  /** False while its health check says something else than 200. */
  healthy: boolean;
  asked: number;
  /** How often it was taken out of service. */
  outs: number;
}

/** What chooses the node of each request, as a balancer outside the machines does. */
export interface Nodes {
  readonly all: readonly Node[];
  /** A healthy node by chance; any, when none is: there is nothing to lose. Another than `not`, if there is one. */
  next(not?: Node): Node;
  stop(): void;
}

/** Milliseconds from one health check of a node to its next, and until it counts as failed. */
const [EVERY, DEADLINE] = [1000, 2000];

/** Asks every node's health path each second from now on, when there is one. Answers once each was asked. */
export async function watchNodes(urls: readonly string[], health: string | undefined): Promise<Nodes> {
  const all: Node[] = urls.map((url) => ({ url, agent: newAgent(url), healthy: true, asked: 0, outs: 0 }));
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
      if (!node) throw new RangeError('no node to ask');
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

/** A connection of its own each time: one that is kept says nothing about the next visitor's. */
async function check(node: Node, health: string): Promise<void> {
  const question = { method: 'GET', path: health } as const;
  const status = await ask(node.url, question, { agent: false, milliseconds: DEADLINE }).then(
    (answer) => answer.status,
    () => 0,
  );
  if (node.healthy && status !== 200) node.outs += 1;
  node.healthy = status === 200;
}

/** Waits, at most until the signal; nothing is kept alive by it. */
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
