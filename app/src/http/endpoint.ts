import { Boom } from '@hapi/boom';
import type { Request, ResponseObject, ResponseToolkit, RouteOptionsPayload, ServerRoute } from '@hapi/hapi';
import type { z } from 'zod';

declare module '@hapi/hapi' {
  interface RouteOptionsApp {
    /** The service that the route belongs to, a label of the metrics; hapi's internal routes have none. */
    service?: Service;
  }
}

/** The services that VHOSTS can map to a host name. */
export const services = ['greeting', 'birthdays', 'pokedex', 'counter', 'todos'] as const;
export type Service = (typeof services)[number] | 'operations';

/** A validation problem of a request: the path (`body.dateOfBirth`) and what was expected there. */
export interface Problem {
  path: string;
  message: string;
}

/** The return value of a handler; hapi serialises an object as JSON. */
export type HandlerResult = ResponseObject | object | string;

type Shape = z.ZodObject | undefined;
type Parsed<S extends Shape> = S extends z.ZodObject ? z.output<S> : undefined;

/** The input of a handler: the validated and typed parts of the request. */
export interface HandlerInput<P extends Shape, Q extends Shape, B extends Shape> {
  params: Parsed<P>;
  query: Parsed<Q>;
  body: Parsed<B>;
  request: Request;
  h: ResponseToolkit;
}

/** Documentation of one response. Without a `type` it is JSON if there is a schema. */
export interface ResponseDoc {
  description: string;
  schema?: z.ZodType;
  type?: string;
}

/** An endpoint: one definition for routing, validation and documentation. */
export interface Endpoint<P extends Shape, Q extends Shape, B extends Shape> {
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  service: Service;
  /** Its path on the host name that VHOSTS maps to the service. */
  root?: string;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  /** The body is an HTML form with a CSRF token instead of JSON. For GET: the page contains such a form. */
  form?: boolean;
  responses: Record<number, ResponseDoc>;
  /** Responds to an invalid request; by default TheAPP returns 400 with the list of problems. */
  onInvalid?: (
    problems: Problem[],
    input: { request: Request; h: ResponseToolkit },
  ) => HandlerResult | Promise<HandlerResult>;
  handle(input: HandlerInput<P, Q, B>): HandlerResult | Promise<HandlerResult>;
}

/** An endpoint with its hapi route, without the types of its schemas. */
export interface AnyEndpoint extends Omit<Endpoint<Shape, Shape, Shape>, 'onInvalid' | 'handle'> {
  route: ServerRoute;
}

/**
 * The maximum size of a body in bytes. The largest valid one is a todo of 2,200 characters, each of which a form encodes
 * as twelve bytes: `%F0%9F%8D%8B`.
 */
const maxBytes = 32 * 1024;

/** Creates a route that validates the request against the schemas before it calls the handler. */
export function endpoint<
  P extends Shape = undefined,
  Q extends Shape = undefined,
  B extends Shape = undefined,
>(definition: Endpoint<P, Q, B>): AnyEndpoint {
  const { onInvalid, handle, ...rest } = definition;
  const { method, path, service, params, query, body, form } = definition;
  const handler = (request: Request, h: ResponseToolkit) => {
    const problems: Problem[] = [];
    const input = {
      params: check('path', params as P, request.params, problems),
      query: check('query', query as Q, request.query, problems),
      body: check('body', body as B, request.payload, problems),
      request,
      h,
    };
    if (problems.length === 0) return handle(input);
    if (onInvalid) return onInvalid(problems, input);
    throw badRequest(problems);
  };
  const route: ServerRoute = {
    method,
    path,
    handler,
    options: ({ app }) => ({
      app: { service },
      ...(form
        ? { plugins: { crumb: true }, ...(app.formHooks && { ext: app.formHooks }) }
        : { state: { parse: false } }),
      ...(method === 'GET' ? {} : { payload: payloadOptions(form) }),
    }),
  };
  return { ...rest, route };
}

function payloadOptions(form = false): RouteOptionsPayload {
  const allow = form ? 'application/x-www-form-urlencoded' : 'application/json';
  return {
    maxBytes,
    allow,
    failAction: (_request, _h, error) => {
      if (!(error instanceof Boom) || error.output.statusCode !== 415) throw error;
      throw new Boom(`expected Content-Type: ${allow}`, { statusCode: 415 });
    },
  };
}

function check<S extends Shape>(place: string, schema: S, value: unknown, problems: Problem[]): Parsed<S> {
  // Without a schema this part of the request is ignored.
  if (schema === undefined) return undefined as Parsed<S>;
  const { success, data, error } = schema.safeParse(value ?? {}, { error: wording });
  if (success) return data as Parsed<S>;
  for (const { path, message } of error.issues)
    problems.push({ path: [place, ...path].map(String).join('.'), message });
  return undefined as Parsed<S>;
}

/** The messages for what a schema does not word itself. */
function wording(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return `unknown key: ${issue.keys.join(', ')}`;
  if (issue.code !== 'invalid_type') return undefined;
  const expected = `expected ${kinds[issue.expected] ?? issue.expected}`;
  return issue.input === undefined ? `missing, ${expected}` : expected;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

/** A 400 error that lists every invalid field and what was expected there. */
export function badRequest(problems: Problem[]): Boom {
  const message = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const error = new Boom(message, { statusCode: 400 });
  Object.assign(error.output.payload, { problems });
  return error;
}
