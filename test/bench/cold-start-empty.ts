/** The least a function can be: what is measured with it is Node and the runtime client. */
export const handler = (): Promise<object> => Promise.resolve({ ok: true });
