import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Problem } from '../../http/endpoint.ts';
import { lengthOf, longestText, longestTitle, normalise } from './schemas.ts';

/** The values of the form fields, valid or not. */
export interface FormValues {
  title: string;
  text: string;
  /** The idempotency key of the form: however often it is submitted, its todo is added once. */
  key: string;
}

export const formKey = z.uuid();

export const emptyForm = (): FormValues => ({ title: '', text: '', key: randomUUID() });

/** Reads the submitted values, so that the form can be shown again with them. */
export function readForm(payload: unknown): FormValues {
  const { title, text, key } = Object(payload);
  return { title: textOf(title), text: textOf(text), key: formKey.safeParse(key).data ?? randomUUID() };
}

/** The view `newTodo`: the fields with their error messages. The first invalid field gets the focus. */
export function formView({ title, text, key }: FormValues, problems: Problem[] = [], notStored = false) {
  const about = (name: string) => problems.some(({ path }) => path === `body.${name}`);
  const errors = {
    title: about('title') ? fieldError('title', title, longestTitle) : undefined,
    text: about('text') ? fieldError('text', text, longestText) : undefined,
  };
  const known = errors.title !== undefined || errors.text !== undefined;
  return {
    key,
    notStored,
    invalid: problems.length > 0,
    // Not caused by a visible field: the form comes from another release or from a program.
    invalidForm: problems.length > 0 && !known,
    title: {
      value: title,
      error: errors.title,
      autofocus: (!notStored && !errors.text) || errors.title !== undefined,
    },
    text: {
      value: text,
      error: errors.text,
      autofocus: errors.title === undefined && errors.text !== undefined,
    },
  };
}

/** The error message of a field. */
function fieldError(name: string, typed: string, most: number): string {
  const length = lengthOf(normalise(typed));
  if (length === 0) return `Enter a ${name}.`;
  if (length > most) return `Shorten the ${name} to ${most} characters: it has ${length}.`;
  return `Enter the ${name} again: it contains invalid characters.`;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
