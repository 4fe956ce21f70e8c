/**
 * Changes that must not be cut in half. Where code can be stopped anywhere (in a kernel, by an interrupt), whoever runs it
 * puts its own function here: an interrupt that comes meanwhile takes effect at the end. What is done so takes no longer than one
 * pass over the parameters, and calls no code of the user's.
 */
export const uninterrupted: { run: <T>(body: () => T) => T } = { run: (body) => body() };
