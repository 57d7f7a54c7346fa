import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../scripts/cluster/load/ledger.ts';
import { clients } from './clients.ts';
import { type RequestKind, requestKinds } from './table.ts';

/** One response: its status or problem, when the request was sent, and how long it took. */
export interface Answer {
  kind: RequestKind;
  outcome: string;
  began: number;
  milliseconds: number;
}

export interface Traffic {
  /** All responses so far, in order of arrival. */
  answers: Answer[];
  /** Resolves when no request of this kind is in progress; the next one waits for `release`. */
  hold(kind: RequestKind): Promise<void>;
  release(kind: RequestKind): void;
  /** Many additional clients that send one request each, all at the same time. Birthdays are excluded: they are written one by one. */
  burst(number: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one client per kind of request, which sends requests one after another and records the responses. */
export function startTraffic(url: string, ledger: Ledger): Traffic {
  const answers: Answer[] = [];
  const [held, busy] = [new Set<RequestKind>(), new Set<RequestKind>()];
  let stopped = false;
  const sendOne = async (kind: RequestKind) => {
    const began = performance.now();
    const outcome = await clients[kind](url, ledger).catch(wordOf);
    answers.push({ kind, outcome, began, milliseconds: performance.now() - began });
  };
  const client = async (kind: RequestKind) => {
    for (; !stopped; await sleep(40)) {
      if (held.has(kind)) continue;
      busy.add(kind);
      await sendOne(kind);
      busy.delete(kind);
    }
  };
  const kinds = Object.keys(requestKinds) as RequestKind[];
  const all = kinds.map(client);
  return {
    answers,
    async hold(kind) {
      held.add(kind);
      while (busy.has(kind)) await sleep(5);
    },
    release: (kind) => void held.delete(kind),
    async burst(number) {
      const many = kinds.filter((kind) => kind !== 'newBirthday').flatMap((kind) => Array(number).fill(kind));
      await Promise.all(many.map(sendOne));
    },
    async stop() {
      stopped = true;
      await Promise.all(all);
    },
  };
}

const wordOf = (error: unknown) => `no response: ${error instanceof Error ? error.name : error}`;
