import { z } from 'zod';
import type { Answer } from './ask.ts';

/** A todo that was acknowledged, and is therefore to be kept. */
export interface Kept {
  readonly id: number;
  readonly title: string;
  /** It was asked for and was there, so that it may be removed without anything being overlooked. */
  seen: boolean;
}

/** What was written and acknowledged, and what of it was found missing. */
export type TodoBook = ReturnType<typeof openTodoBook>;

const todo = z.object({ id: z.int(), title: z.string(), done: z.boolean() });
const page = z.object({ todos: z.array(todo), next: z.int().nullable() });

export const readTodo = ({ body }: Answer) => read(todo, body);
export const readPage = ({ body }: Answer) => read(page, body);

/** Nothing where the text is not that. */
export function read<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** `run` tells the todos of this load from all others: each title begins with it. */
export function openTodoBook(run: string) {
  const kept = new Map<number, Kept>();
  const acknowledged = new Map<number, string>();
  const problems = new Set<string>();
  let number = 0;
  let turn = 0;
  return {
    run,
    /** All that were ever acknowledged: id → title. */
    acknowledged,
    problems,
    title: () => `${run} ${++number}`,
    kept: () => [...kept.values()],
    keeps: ({ id }: Kept) => kept.has(id),
    keep(id: number, title: string) {
      if (acknowledged.has(id)) problems.add(`todo ${id} was made twice`);
      acknowledged.set(id, title);
      kept.set(id, { id, title, seen: false });
    },
    /** One of those that are kept, in turn. */
    some: (): Kept | undefined => [...kept.values()][turn++ % Math.max(1, kept.size)],
    /** The oldest that was seen, when there are more than `most`; it is no longer kept. */
    takeOldest(most: number): Kept | undefined {
      const oldest = kept.size > most ? [...kept.values()].find(({ seen }) => seen) : undefined;
      if (oldest) kept.delete(oldest.id);
      return oldest;
    },
    lose: ({ id, title }: Kept) =>
      void problems.add(`todo ${id} (${title}) was acknowledged and is not there`),
  };
}
