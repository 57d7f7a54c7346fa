import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Problem } from '../../http/endpoint.ts';
import { lengthOf, longestText, longestTitle, normalise } from './schemas.ts';

/** What stands in the fields of the form, whether it is right or not. */
export interface FormValues {
  title: string;
  text: string;
  /** The form's name: however often it is sent, its todo is added once. */
  key: string;
}

export const formKey = z.uuid();

export const emptyForm = (): FormValues => ({ title: '', text: '', key: randomUUID() });

/** Reads back what was sent, so that nobody types it twice. */
export function readForm(payload: unknown): FormValues {
  const { title, text, key } = Object(payload);
  return { title: textOf(title), text: textOf(text), key: formKey.safeParse(key).data ?? randomUUID() };
}

/** The view `newTodo`: the fields with what is wrong with each, of which the first gets the focus. */
export function formView({ title, text, key }: FormValues, problems: Problem[] = [], notStored = false) {
  const about = (name: string) => problems.some(({ path }) => path === `body.${name}`);
  const wrong = {
    title: about('title') ? fieldError('title', title, longestTitle) : undefined,
    text: about('text') ? fieldError('text', text, longestText) : undefined,
  };
  const known = wrong.title !== undefined || wrong.text !== undefined;
  return {
    key,
    notStored,
    wrong: problems.length > 0,
    // Nothing that a person typed, then: a form of another release, or sent by a program.
    notUnderstood: problems.length > 0 && !known,
    title: {
      value: title,
      wrong: wrong.title,
      first: (!notStored && !wrong.text) || wrong.title !== undefined,
    },
    text: { value: text, wrong: wrong.text, first: wrong.title === undefined && wrong.text !== undefined },
  };
}

/** What to do about a field, in the words of a person. */
function fieldError(name: string, typed: string, most: number): string {
  const length = lengthOf(normalise(typed));
  if (length === 0) return `Enter a ${name}.`;
  if (length > most) return `Shorten the ${name}: it has ${length} characters, ${most} are the most.`;
  return `Type the ${name} again: it has characters that cannot be shown.`;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
