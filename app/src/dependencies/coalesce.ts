import { setImmediate as endOfTurn } from 'node:timers/promises';

/**
 * Puts a question once for all who ask it in the same turn of the event loop, at the end of that turn: who asks gets no
 * answer that is older than the question. Questions of the same key are the same.
 */
export function coalesce<T>(): (key: string, ask: () => Promise<T>) => Promise<T> {
  const turn = new Map<string, Promise<T>>();
  return (key, ask) => {
    const asked = turn.get(key);
    if (asked) return asked;
    const answer = endOfTurn().then(() => {
      turn.delete(key);
      return ask();
    });
    turn.set(key, answer);
    return answer;
  };
}
