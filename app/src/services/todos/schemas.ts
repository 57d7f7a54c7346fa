import { z } from 'zod';

/** Most characters (code points, as MySQL counts them) of a title and of a text. */
export const [longestTitle, longestText] = [200, 2000];

/** Ends of lines are one character, whichever system they were typed on; blanks around a text are none of it. */
export const normalise = (text: string) => text.replaceAll(/\r\n?/g, '\n').trim();

/** Code points, where `length` counts halves of the rarer characters. */
export const lengthOf = (text: string) => [...text].length;

/** What a todo says: no characters that nobody can see, no halves of characters. */
const words = (most: number, form: RegExp) =>
  z
    .string()
    .overwrite(normalise)
    .refine(
      (text) => text !== '' && lengthOf(text) <= most,
      `expected 1 to ${most} characters between the blanks around them`,
    )
    .refine((text) => form.test(text) && text.isWellFormed(), 'expected no control characters')
    .meta({ minLength: 1, maxLength: most });

/** What is given for a new todo. */
export const newTodo = z.strictObject({
  title: words(longestTitle, /^\P{Cc}*$/u),
  text: words(longestText, /^(?:\P{Cc}|[\n\t])*$/u),
});
export type NewTodo = z.output<typeof newTodo>;

/** What may change of a todo. */
export const changes = newTodo
  .extend({ done: z.boolean() })
  .partial()
  .refine((given) => Object.keys(given).length > 0, 'expected title, text or done')
  .meta({ minProperties: 1 });
export type Changes = z.output<typeof changes>;

/** A todo as everybody sees it. */
export const todo = z.object({
  id: z.int().min(1),
  title: z.string(),
  text: z.string(),
  done: z.boolean(),
  createdAt: z.iso.datetime(),
});
export type Todo = z.output<typeof todo>;

/** Part of the list, newest first, and where the next part begins: todos before that id; null at the end. */
export const todoPage = z.object({ todos: z.array(todo), next: z.int().min(1).nullable() });
export type TodoPage = z.output<typeof todoPage>;

/** The number of a todo in a path, a query or a form. */
export const id = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'expected the id of a todo')
  .transform(Number);

/** How many todos a part of the list has when nobody says. */
export const pageSize = 20;

/** Which part of the list. */
export const place = {
  before: id
    .optional()
    .describe('Only todos older than that one: the answer before this one said it as next'),
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, 'expected a whole number from 1 to 100')
    .transform(Number)
    .prefault(String(pageSize))
    .describe('How many todos, 1 to 100'),
};
