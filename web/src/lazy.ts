/** Makes a thing when it is first asked for: Intl takes milliseconds to set up, and no page uses all of it. */
export function lazy<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}
