import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../scripts/cluster/load/ledger.ts';
import { clients } from './clients.ts';
import { type Ask, asks } from './table.ts';

/** One answer: its status, or what is wrong with it, and when it was asked for and how long it took. */
export interface Answer {
  ask: Ask;
  word: string;
  began: number;
  milliseconds: number;
}

export interface Traffic {
  /** All answers so far, in the order in which they came. */
  answers: Answer[];
  /** Resolves when no request of this kind is under way; the next waits until `release`. */
  hold(ask: Ask): Promise<void>;
  release(ask: Ask): void;
  /** Many more clients, at once, who ask once. Birthdays are written one after the other. */
  burst(number: number): Promise<void>;
  stop(): Promise<void>;
}

/** Clients that ask everything again and again, each waiting for its answer, and write down what they hear. */
export function startTraffic(url: string, ledger: Ledger): Traffic {
  const answers: Answer[] = [];
  const [held, busy] = [new Set<Ask>(), new Set<Ask>()];
  let stopped = false;
  const askOnce = async (ask: Ask) => {
    const began = performance.now();
    const word = await clients[ask](url, ledger).catch(wordOf);
    answers.push({ ask, word, began, milliseconds: performance.now() - began });
  };
  const client = async (ask: Ask) => {
    for (; !stopped; await sleep(40)) {
      if (held.has(ask)) continue;
      busy.add(ask);
      await askOnce(ask);
      busy.delete(ask);
    }
  };
  const kinds = Object.keys(asks) as Ask[];
  const all = kinds.map(client);
  return {
    answers,
    async hold(ask) {
      held.add(ask);
      while (busy.has(ask)) await sleep(5);
    },
    release: (ask) => void held.delete(ask),
    async burst(number) {
      const many = kinds.filter((ask) => ask !== 'newBirthday').flatMap((ask) => Array(number).fill(ask));
      await Promise.all(many.map(askOnce));
    },
    async stop() {
      stopped = true;
      await Promise.all(all);
    },
  };
}

const wordOf = (error: unknown) => `no answer: ${error instanceof Error ? error.name : error}`;
