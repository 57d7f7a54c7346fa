import { z } from 'zod';
import type { HttpAnswer } from './http.ts';

/** A todo that was acknowledged and must exist. */
export interface Kept {
  readonly id: number;
  readonly title: string;
  /** It was read back, so removing it cannot hide a loss. */
  seen: boolean;
}

/** The acknowledged todos, and those found missing. */
export type TodoRecord = ReturnType<typeof openTodoRecord>;

const todo = z.object({ id: z.int(), title: z.string(), done: z.boolean() });
const page = z.object({ todos: z.array(todo), next: z.int().nullable() });

export const readTodo = ({ body }: HttpAnswer) => read(todo, body);
export const readPage = ({ body }: HttpAnswer) => read(page, body);

/** The parsed text; undefined if it does not match the schema. */
export function read<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Each title begins with `run`, which distinguishes the todos of this load from all others. */
export function openTodoRecord(run: string) {
  const kept = new Map<number, Kept>();
  const acknowledged = new Map<number, string>();
  const problems = new Set<string>();
  let number = 0;
  let turn = 0;
  return {
    run,
    /** All acknowledged todos: id → title. */
    acknowledged,
    problems,
    title: () => `${run} ${++number}`,
    kept: () => [...kept.values()],
    keeps: ({ id }: Kept) => kept.has(id),
    keep(id: number, title: string) {
      if (acknowledged.has(id)) problems.add(`todo ${id} was created twice`);
      acknowledged.set(id, title);
      kept.set(id, { id, title, seen: false });
    },
    /** One of the kept todos, in turn. */
    some: (): Kept | undefined => [...kept.values()][turn++ % Math.max(1, kept.size)],
    /** The oldest todo that was read back, if there are more than `most`; it is no longer kept. */
    takeOldest(most: number): Kept | undefined {
      const oldest = kept.size > most ? [...kept.values()].find(({ seen }) => seen) : undefined;
      if (oldest) kept.delete(oldest.id);
      return oldest;
    },
    lose: ({ id, title }: Kept) => void problems.add(`todo ${id} (${title}) was acknowledged but is missing`),
  };
}
