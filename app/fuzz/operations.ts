import { z } from 'zod';
import type { JsonSchema, OpenApi, Operation, Parameter } from '../src/http/operations/openapi.ts';
import { marker } from './hostile.ts';

/** One operation of the OpenAPI document, with valid values. */
export interface Target {
  method: string;
  /** As documented: `/hello/{username}`. */
  path: string;
  parameters: { name: string; in: Parameter['in']; right: string[] }[];
  body?: { type: string; form: boolean; properties: Record<string, unknown[]>; required: string[] };
  responses: Operation['responses'];
}

/** All operations of the document. */
export function targetsOf({ paths }: Pick<OpenApi, 'paths'>): Target[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody, responses }]) => {
      const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      return {
        method: method.toUpperCase(),
        path,
        parameters: parameters.map(({ name, in: place, schema }) => ({
          name,
          in: place,
          right: rightValues(schema).filter((value) => typeof value === 'string'),
        })),
        ...(type && content ? { body: bodyOf(type, content.schema) } : {}),
        responses,
      };
    }),
  );
}

function bodyOf(type: string, schema: JsonSchema) {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const right = Object.entries(properties).map(([name, schema]) => [name, rightValues(schema)] as const);
  return { type, form: type.includes('form'), properties: Object.fromEntries(right), required };
}

const candidates = [
  'bench',
  'Zoë',
  'charmander',
  'Pikachu',
  '1',
  '2',
  '3',
  '7',
  '20',
  '1990-05-17',
  '2000-02-29',
  'Europe/Madrid',
  'UTC',
  'on',
  'true',
  'false',
  'Buy milk',
  marker,
  `${marker} & <b>${marker}</b> "quoted"`,
  1,
  2,
  true,
  false,
];

const numerals = Array.from({ length: 60 }, (_, i) => String(i + 1));

/** The candidates that match the schema. */
function rightValues(schema: JsonSchema): unknown[] {
  const right = reader(schema);
  // If no word matches, the value is an id: offer many, because some of the rows are deleted.
  const fitting = [...candidates, ...(right('bench') ? [] : numerals)].filter(right);
  return fitting.length > 0 ? fitting : candidates;
}

/** Returns a function that checks a value against the schema. */
export function reader(schema: JsonSchema): (value: unknown) => boolean {
  const type = z.fromJSONSchema(schema);
  return (value) => type.safeParse(value).success;
}
