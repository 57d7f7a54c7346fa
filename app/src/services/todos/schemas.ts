import { z } from 'zod';

/** The maximum length of a title and of a text in characters (code points, as MySQL counts them). */
export const [longestTitle, longestText] = [200, 2000];

/** Normalises line breaks to one character and trims spaces at both ends. */
export const normalise = (text: string) => text.replaceAll(/\r\n?/g, '\n').trim();

/** The length in code points; `length` would count UTF-16 code units. */
export const lengthOf = (text: string) => [...text].length;

/** Text without control characters and lone surrogates. */
const todoText = (maximum: number, form: RegExp) =>
  z
    .string()
    .overwrite(normalise)
    .refine(
      (text) => text !== '' && lengthOf(text) <= maximum,
      `expected 1 to ${maximum} characters, not counting spaces at both ends`,
    )
    .refine((text) => form.test(text) && text.isWellFormed(), 'expected no control characters')
    .meta({ minLength: 1, maxLength: maximum });

/** The fields of a new todo. */
export const newTodo = z.strictObject({
  title: todoText(longestTitle, /^\P{Cc}*$/u),
  text: todoText(longestText, /^(?:\P{Cc}|[\n\t])*$/u),
});
export type NewTodo = z.output<typeof newTodo>;

/** The fields of a todo that can be changed. */
export const changes = newTodo
  .extend({ done: z.boolean() })
  .partial()
  .refine((given) => Object.keys(given).length > 0, 'expected title, text or done')
  .meta({ minProperties: 1 });
export type Changes = z.output<typeof changes>;

/** A todo in responses. */
export const todo = z.object({
  id: z.int().min(1),
  title: z.string(),
  text: z.string(),
  done: z.boolean(),
  createdAt: z.iso.datetime(),
});
export type Todo = z.output<typeof todo>;

/** A page of the list, newest first. `next` is the value of `before` for the next page; null on the last page. */
export const todoPage = z.object({ todos: z.array(todo), next: z.int().min(1).nullable() });
export type TodoPage = z.output<typeof todoPage>;

/** The id of a todo in a path, a query or a form. */
export const id = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'expected the id of a todo')
  .transform(Number);

/** The default number of todos on a page of the list. */
export const pageSize = 20;

/** The query parameters that select a page of the list. */
export const pageQuery = {
  before: id.optional().describe('Only todos older than this id: the value of next in the previous response'),
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, 'expected a whole number from 1 to 100')
    .transform(Number)
    .prefault(String(pageSize))
    .describe('The maximum number of todos, 1 to 100'),
};
