import { explain, failure, type Host, type Script, unreachable } from '../../provision/index.ts';
import type { Reply, Request, Session } from '../../provision/shell/exchange.ts';
import { openSession } from '../../provision/ssh/open.ts';

/** Seconds to wait for a host that is expected to be there; one that is emulated may be slow to answer. */
const CONNECT = 30;
/** Seconds that one answer may take: a machine that has lost its power says nothing, not even that. */
const DEADLINE_SECONDS = 60;

/** Sessions with hosts, opened when they are needed, and again after they were lost. */
export interface Sessions {
  /** One round trip: the output of each script. @throws ProvisionError (unreachable) */
  ask(host: Host, scripts: readonly Script[]): Promise<readonly string[]>;
  /** Runs a script that changes something and answers its output. @throws ProvisionError with its own words */
  run(host: Host, script: Script, seconds?: number): Promise<string>;
  close(): Promise<void>;
}

export function newSessions(): Sessions {
  const open = new Map<string, Promise<Session>>();
  const ends = new AbortController();
  const options = {
    sudo: {},
    connectSeconds: CONNECT,
    progress: () => undefined,
    signal: ends.signal,
    retry: false,
  };
  const drop = (name: string) => {
    const session = open.get(name);
    open.delete(name);
    session?.then((session) => session.abort()).catch(() => undefined);
  };
  /** A shell speaks of one thing at a time: who asks meanwhile waits for its turn. */
  const turns = new Map<string, Promise<unknown>>();
  const exchange = (host: Host, request: Request, seconds: number): Promise<Reply> => {
    const before = turns.get(host.name) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => exchangeNow(host, request, seconds));
    turns.set(host.name, turn);
    return turn;
  };
  const exchangeNow = async (host: Host, request: Request, seconds: number): Promise<Reply> => {
    const session = open.get(host.name) ?? openSession(host, options);
    open.set(host.name, session);
    const late = Promise.withResolvers<never>();
    const why = { place: host.name, what: `no answer within ${seconds} s` };
    const timer = setTimeout(() => late.reject(unreachable(why)), seconds * 1000);
    try {
      return await Promise.race([session.then((session) => session.exchange(request)), late.promise]);
    } catch (error) {
      drop(host.name);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async ask(host, scripts) {
      const { probes, broken } = await exchange(host, { steps: [], probes: scripts }, DEADLINE_SECONDS);
      if (broken) throw failure({ place: host.name, what: 'could not be looked at', said: broken.stderr });
      return probes.map(({ code, stdout, stderr }) => {
        if (code === 0) return stdout;
        throw failure({ place: host.name, what: 'could not be looked at', said: stderr });
      });
    },
    async run(host, script, seconds = 120) {
      const { steps } = await exchange(
        host,
        { steps: [{ script, timeout: seconds }], probes: [] },
        seconds + 30,
      );
      const [seen] = steps;
      if (seen?.code === 0) return seen.stdout;
      throw failure({ place: host.name, what: 'the command failed', said: `${seen?.stdout}${seen?.stderr}` });
    },
    async close() {
      ends.abort();
      await Promise.all(
        [...open.values()].map((session) => session.then((one) => one.close()).catch(() => undefined)),
      );
      open.clear();
    },
  };
}

/** The words of an error in one line. */
export const wordsOf = (error: unknown): string => explain(error).split('\n').slice(0, 2).join(': ');
