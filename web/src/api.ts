// Requests to the server: JSON, problem+json as an error with its request id, one request of a
// kind at a time (an older one is aborted).

export class Problem extends Error {
  readonly status: number;
  readonly requestId: string | null;

  constructor(status: number, message: string, requestId: string | null = null) {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }
}

const running = new Map<string, AbortController>();

export const aborted = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';

/** Status 0 means that no answer came. */
export async function request<T>(url: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { accept: 'application/json', ...init?.headers } });
  } catch (error) {
    if (aborted(error)) throw error;
    throw new Problem(0, '');
  }
  if (response.ok) return response.json() as Promise<T>;
  const body = await response.json().catch(() => ({}));
  throw new Problem(response.status, body.detail ?? body.title ?? '', body.request_id ?? null);
}

/** Like `request`; a newer request of the same kind aborts this one. */
export async function newest<T>(kind: string, url: string): Promise<T> {
  running.get(kind)?.abort();
  const controller = new AbortController();
  running.set(kind, controller);
  try {
    return await request<T>(url, { signal: controller.signal });
  } finally {
    if (running.get(kind) === controller) running.delete(kind);
  }
}

export function query(path: string, params: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined) search.set(key, String(value));
  }
  return `${path}?${search}`;
}
