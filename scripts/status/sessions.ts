import { explain, failure } from '../../provision/errors.ts';
import type { Host } from '../../provision/machines/provider.ts';
import type { Reply, Session } from '../../provision/session.ts';
import type { Script } from '../../provision/shell/sh.ts';
import { openSession } from '../../provision/ssh/open.ts';

/** Seconds to wait for a host that is expected to be there; one that is emulated may be slow to answer. */
const CONNECT = 30;
/** Seconds that one answer may take: a machine that has lost its power says nothing, not even that. */
const PATIENCE = 60;

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
  const exchange = async (
    host: Host,
    request: Parameters<Session['exchange']>[0],
    seconds: number,
  ): Promise<Reply> => {
    const session = open.get(host.name) ?? openSession(host, options);
    open.set(host.name, session);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(failure({ place: host.name, what: `no answer within ${seconds} s` })),
      seconds * 1000,
    );
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
      const { probes, broken } = await exchange(host, { steps: [], probes: scripts }, PATIENCE);
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
